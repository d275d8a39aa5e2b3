// claim: There is no default account.
// error[E0599]: no function or associated item named `default` found for struct `AccountId` in the current scope

use access::AccountId as Wanted;

fn example() -> Wanted {
    Wanted::default()
}

fn main() {}
