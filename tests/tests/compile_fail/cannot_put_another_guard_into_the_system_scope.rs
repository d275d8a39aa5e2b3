// claim: The system scope isn't entered without its own login.
// error[E0616]: field `guard` of struct `SystemDb` is private

use access::system::SystemDb;

fn example(system: &mut SystemDb, own: &mut entity_guard::Db, other: entity_guard::Db) {
    let _ = (&system, &own);
    system.guard = other;
}

fn main() {}
