// control: cannot_put_another_guard_into_the_system_scope

use access::system::SystemDb;

fn example(system: &mut SystemDb, own: &mut entity_guard::Db, other: entity_guard::Db) {
    let _ = (&system, &own);
    *own = other;
}

fn main() {}
