//! What stands in every text of an account, and in no other's.

use access::AccountId;
use uuid::Uuid;

/// What each tag begins with; no word of any other text does.
const MARK: &str = "zq";
/// How many hexadecimal digits follow.
const DIGITS: usize = 12;

/// The account's own tag: the random end of its id.
pub(crate) fn of(account: AccountId) -> String {
    of_uuid(account.as_uuid())
}

pub(crate) fn of_uuid(account: Uuid) -> String {
    let id = account.simple().to_string();
    let end = id.get(id.len() - DIGITS..).unwrap_or_default();
    format!("{MARK}{end}")
}

/// The first tag in a text that is another account's.
pub(crate) fn foreign_in<'t>(text: &'t str, own: &str) -> Option<&'t str> {
    let found = text.match_indices(MARK);
    let mut tags = found.filter_map(|(at, _)| text.get(at..at + MARK.len() + DIGITS));
    tags.find(|tag| {
        let digits = tag.get(MARK.len()..).unwrap_or_default();
        digits.bytes().all(|digit| digit.is_ascii_hexdigit()) && *tag != own
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_accounts_tag_is_found_and_its_own_is_not() {
        let (own, other) = (of_uuid(Uuid::now_v7()), of_uuid(Uuid::now_v7()));
        assert_eq!(foreign_in(&format!("buyer {own}"), &own), None);
        let text = format!("{own} and {other}, zqueue");
        assert_eq!(foreign_in(&text, &own), Some(other.as_str()));
    }
}
