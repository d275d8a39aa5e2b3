// control: cannot_clear_a_column_that_is_never_null

use access::Patch;
use access::accounts::AccountPatch;

fn example() -> AccountPatch {
    AccountPatch {
        name: Patch::Set("Ada".into()),
    }
}

fn main() {}
