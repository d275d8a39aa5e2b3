//! The frame round each page, and what pages have in common.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use schema::facts::Facts;

/// A page's place, by which it links to the others: served, or as a file among files.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// Whether it is served by the studio that runs.
    pub(crate) live: bool,
    /// In how many folders an exported page is.
    depth: usize,
    remote: bool,
    sample: bool,
}

/// The parts of the studio, as its menu has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    Schema,
    Isolation,
    Rows,
    Migrations,
    Statements,
}

const SECTIONS: [(Section, &str, &str); 5] = [
    (Section::Schema, "", "Schema"),
    (Section::Isolation, "isolation", "Isolation"),
    (Section::Rows, "rows", "Rows"),
    (Section::Migrations, "migrations", "Migrations"),
    (Section::Statements, "statements", "Statements"),
];

impl Place {
    pub(crate) const fn served(remote: bool, sample: bool) -> Self {
        Self {
            live: true,
            depth: 0,
            remote,
            sample,
        }
    }

    pub(crate) const fn exported(depth: usize) -> Self {
        Self {
            live: false,
            depth,
            remote: false,
            sample: false,
        }
    }

    /// The address of a page of the studio, such as `table/accounts`.
    pub(crate) fn to(self, page: &str) -> String {
        if self.live {
            return format!("/{page}");
        }
        let up = "../".repeat(self.depth);
        match page {
            "" => format!("{up}index.html"),
            page => format!("{up}{page}.html"),
        }
    }

    /// The address of a file that is served as it is.
    pub(crate) fn file(self, name: &str) -> String {
        if self.live {
            format!("/{name}")
        } else {
            format!("{}{name}", "../".repeat(self.depth))
        }
    }

    pub(crate) fn table(self, name: &str) -> String {
        self.to(&format!("table/{}", slug(name)))
    }

    pub(crate) fn statement(self, function: &str) -> String {
        self.to(&format!("statements/{}", slug(function)))
    }
}

/// A name as a part of an address and as a file's name, each name another one.
pub(crate) fn slug(name: &str) -> String {
    let mut slug = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"_-".contains(&byte) {
            slug.push(char::from(byte));
        } else {
            slug.push_str(&format!("~{byte:02x}"));
        }
    }
    slug
}

/// A whole page. `facts` fill the head and the list of tables.
pub(crate) fn page(
    place: Place,
    section: Option<Section>,
    title: &str,
    facts: Option<&Facts>,
    main: &Markup,
) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · app-db studio" }
                link rel="icon" href=(place.file("static/icon.svg"));
                link rel="stylesheet" href=(place.file("static/studio.css"));
                script src=(place.file("static/theme.js")) {}
                script src=(place.file("static/studio.js")) defer {}
            }
            body {
                a .skip href="#main" { "Skip to content" }
                div .head {
                    @if place.remote {
                        p .banner .remote role="alert" { "Remote database: not on your machine. What you look at is written to the account's log." }
                    }
                    @if place.sample {
                        p .banner { "Sample database: it goes when the studio ends." }
                    }
                    (head(place, section, facts))
                }
                main #main tabindex="-1" { (main) }
                (help(place))
            }
        }
    }
}

fn head(place: Place, section: Option<Section>, facts: Option<&Facts>) -> Markup {
    html! {
        header .top {
            a .brand href=(place.to("")) {
                (icon("logo")) span { "app-db" } b { "studio" }
            }
            nav aria-label="Parts" {
                @for (of, page, name) in SECTIONS {
                    @if place.live || of != Section::Rows {
                        a href=(place.to(page)) aria-current=[(section == Some(of)).then_some("page")] { (name) }
                    }
                }
            }
            div .tools {
                @if let Some(facts) = facts {
                    span .where title={ (facts.database.name) " at " (facts.database.address) ", PostgreSQL " (facts.database.version) } {
                        @if place.sample { "sample" } @else { (facts.database.name) }
                    }
                }
                @if place.live {
                    form method="post" action="/refresh" {
                        button .tool title="Read everything anew" aria-label="Refresh" { (icon("refresh")) }
                    }
                }
                button .tool #theme type="button" title="Light or dark" aria-label="Light or dark" { (icon("theme")) }
                button .tool #help-open type="button" title="Keys (?)" aria-label="Keys" { "?" }
            }
        }
    }
}

fn help(place: Place) -> Markup {
    let mut keys = vec![
        ("/", "search"),
        ("↑ ↓", "go through a list or the diagram"),
        ("Enter", "open what is chosen"),
        ("+ − 0", "zoom the diagram, or fit it"),
        ("1 – 5", "go to a part of the studio"),
        ("d", "light or dark"),
        ("Esc", "leave a search, close what is open"),
        ("?", "show the keys"),
    ];
    if !place.live {
        keys.retain(|(key, _)| *key != "1 – 5");
    }
    html! {
        dialog #help aria-label="Keys" {
            h2 { "Keys" }
            dl .keys {
                @for (key, what) in keys {
                    dt { kbd { (key) } } dd { (what) }
                }
            }
            form method="dialog" { button .button { "Close" } }
        }
    }
}

/// What stands in place of a page whose facts aren't there yet; it asks again by itself.
pub(crate) fn collecting(
    place: Place,
    section: Section,
    what: &str,
    facts: Option<&Facts>,
) -> Markup {
    let main = html! {
        div .wrap {
            h1 { (what) }
            p .muted aria-live="polite" { "Being collected: the checks run in a database of their own." }
            div .skeleton aria-hidden="true" {
                @for _ in 0..8 { span {} }
            }
        }
        meta http-equiv="refresh" content="1";
    };
    page(place, Some(section), what, facts, &main)
}

/// What went wrong, and what to do.
pub(crate) fn failed(
    place: Place,
    section: Option<Section>,
    title: &str,
    why: &str,
    facts: Option<&Facts>,
) -> Markup {
    let main = html! {
        div .wrap {
            h1 { (title) }
            div .notice .bad role="alert" { pre { (why) } }
        }
    };
    page(place, section, title, facts, &main)
}

/// For whoever comes without this run's token.
pub(crate) fn refused() -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "app-db studio" }
                link rel="stylesheet" href="/static/studio.css";
                script src="/static/theme.js" {}
            }
            body {
                main .wrap .narrow {
                    h1 { "Not this way" }
                    p { "Open the link that " code { "cargo xtask studio" } " printed: it holds the token of this run." }
                }
            }
        }
    }
}

/// An icon by its name; one of our own, so that its text is safe.
pub(crate) fn icon(name: &str) -> Markup {
    let path = match name {
        "logo" => {
            r#"<rect x="3" y="3" width="7.5" height="7.5" rx="2"/><rect x="13.5" y="13.5" width="7.5" height="7.5" rx="2"/><path d="M10.5 7h4a2.5 2.5 0 0 1 2.5 2.5v4"/>"#
        }
        "refresh" => r#"<path d="M20 11a8 8 0 1 0-2.3 6.2"/><path d="M20 4v7h-7"/>"#,
        "theme" => {
            r#"<circle cx="12" cy="12" r="8.5"/><path d="M12 3.5a8.5 8.5 0 0 1 0 17z" fill="currentColor"/>"#
        }
        "key" => r#"<circle cx="8" cy="15" r="4"/><path d="m11 12 9-9m-3.5 3.5L20 10"/>"#,
        "link" => {
            r#"<path d="M9 15l6-6M8 11l-2.5 2.5a4 4 0 0 0 5.6 5.6L13.5 17M16 13l2.5-2.5a4 4 0 0 0-5.6-5.6L10.5 7"/>"#
        }
        "shield" => {
            r#"<path d="M12 3l7.5 3v5.5c0 4.5-3 8-7.5 9.5-4.500-1.500-7.500-5-7.500-9.500V6z"/>"#
        }
        "ok" => r#"<path d="M5 12.500l4.500 4.500L19 7.500"/>"#,
        "bad" => r#"<path d="M6 6l12 12M18 6L6 18"/>"#,
        "search" => r#"<circle cx="11" cy="11" r="6.500"/><path d="m16 16 4.500 4.500"/>"#,
        _ => "",
    };
    html! {
        svg .icon viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" {
            (PreEscaped(path))
        }
    }
}

/// A size in bytes, readable.
pub(crate) fn size(bytes: u64) -> String {
    const STEP: u64 = 1024;
    match bytes {
        0..STEP => format!("{bytes} B"),
        STEP..1_048_576 => format!("{} kB", bytes / STEP),
        1_048_576..1_073_741_824 => tenths(bytes, 1_048_576, "MB"),
        _ => tenths(bytes, 1_073_741_824, "GB"),
    }
}

fn tenths(bytes: u64, unit: u64, name: &str) -> String {
    let tenths = u128::from(bytes) * 10 / u128::from(unit);
    format!("{}.{} {name}", tenths / 10, tenths % 10)
}

/// A number with its thousands apart.
pub(crate) fn number(number: u64) -> String {
    grouped(&number.to_string())
}

/// Digits with their thousands apart.
pub(crate) fn grouped(digits: &str) -> String {
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_apart_in_addresses() {
        assert_eq!(slug("stripe_payments"), "stripe_payments");
        assert_eq!(slug("stripe_payments::list"), "stripe_payments~3a~3alist");
        assert_eq!(slug("../a\"<b>"), "~2e~2e~2fa~22~3cb~3e");
        assert_ne!(slug("a~2e"), slug("a."));
    }

    #[test]
    fn numbers_are_readable() {
        assert_eq!(number(0), "0");
        assert_eq!(number(1_234_567), "1,234,567");
        assert_eq!(size(8192), "8 kB");
        assert_eq!(size(9_328_319), "8.8 MB");
    }
}
