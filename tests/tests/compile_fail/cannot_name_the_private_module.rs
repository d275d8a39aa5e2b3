// claim: Connections, statements and the pool can't be named, even by a crate that depends on the guard.
// error[E0603]: module `connection` is private
// error[E0603]: module `pool` is private
// error[E0603]: module `statement` is private
// error[E0603]: module `transaction` is private

#![allow(unused_imports)]

use entity_guard::connection::Connection;
use entity_guard::pool::Pool;
use entity_guard::statement::Statement;
use entity_guard::transaction::Open;

fn main() {}
