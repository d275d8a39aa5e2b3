// claim: A patch clears only what may be absent.
// error[E0308]: mismatched types

use access::Patch;
use access::accounts::AccountPatch;

fn example() -> AccountPatch {
    AccountPatch {
        name: Patch::Set(None),
    }
}

fn main() {}
