// claim: SeaORM's types of `pay_out` can't be named, even by a crate that depends on `entity`.
// error[E0603]: struct `ActiveModel` is private
// error[E0603]: struct `ActiveModelEx` is private
// error[E0603]: enum `Column` is private
// error[E0603]: struct `Entity` is private
// error[E0603]: struct `Model` is private
// error[E0603]: struct `ModelEx` is private
// error[E0603]: enum `PrimaryKey` is private
// error[E0603]: enum `Relation` is private

#![allow(unused_imports)]

use entity::pay_out::{
    ActiveModel, ActiveModelEx, Column, Entity, Model, ModelEx, PrimaryKey, Relation,
};

fn main() {}
