// claim: A table without an account filter isn't reached through the guard.
// error[E0277]: `Wanted` is not a tenant table

use entity_guard::Insert;

struct Wanted;

fn example(insert: &Insert<Wanted>) {
    let _ = insert;
}

fn main() {}
