//! What a predicate says, as data: no text, and nothing but columns that the guard knows.

use sea_query::{
    Condition as Folded, Expr, ExprTrait, Query, Value,
    extension::postgres::{PgExpr, PgFunc},
};

use crate::{Table, mutant::Mutant, predicate::same_account, rendered::Shape};

/// A table's name and a column's.
pub(crate) type Place = (&'static str, &'static str);

#[derive(Clone, Copy)]
pub(crate) enum Operator {
    Equal,
    Unequal,
    Less,
    AtMost,
    Greater,
    AtLeast,
    Contains,
    /// Equal to one of an array.
    Any,
}

#[derive(Clone, Copy)]
pub(crate) enum Join {
    All,
    Any,
}

/// A condition on a row.
#[derive(Clone)]
pub(crate) enum Condition {
    Constant(bool),
    Compare(Place, Operator, Value),
    LessThan(Place, Place),
    /// Whether it is null, or isn't.
    Null(Place, bool),
    Not(Box<Self>),
    /// At least one.
    Joined(Join, Vec<Self>),
    /// A row of the second table of the same account, whose column equals the first's.
    Exists {
        tables: [&'static Table; 2],
        own: Place,
        other: Place,
        inner: Box<Self>,
    },
}

impl Condition {
    pub(crate) fn shape(&self, shape: &mut Shape) {
        let place = |shape: &mut Shape, (table, column): Place| {
            shape.name(table);
            shape.name(column);
        };
        match self {
            Self::Constant(holds) => shape.tag(u8::from(*holds)),
            Self::Compare(column, operator, _) => {
                shape.tag(2);
                shape.tag(*operator as u8);
                place(shape, *column);
            }
            Self::LessThan(first, second) => {
                shape.tag(3);
                place(shape, *first);
                place(shape, *second);
            }
            Self::Null(column, is) => {
                shape.tag(4 + u8::from(*is));
                place(shape, *column);
            }
            Self::Not(inner) => {
                shape.tag(6);
                inner.shape(shape);
            }
            Self::Joined(join, conditions) => {
                shape.tag(7 + *join as u8);
                shape.length(conditions.len());
                conditions.iter().for_each(|inner| inner.shape(shape));
            }
            Self::Exists {
                tables: [first, second],
                own,
                other,
                inner,
            } => {
                shape.tag(9);
                shape.table(first);
                shape.table(second);
                place(shape, *own);
                place(shape, *other);
                inner.shape(shape);
            }
        }
    }

    /// Its values, in the order in which they are rendered.
    pub(crate) fn values(self, values: &mut Vec<Value>) {
        match self {
            Self::Compare(_, _, value) => values.push(value),
            Self::Not(inner) | Self::Exists { inner, .. } => inner.values(values),
            Self::Joined(_, all) => all.into_iter().for_each(|inner| inner.values(values)),
            Self::Constant(_) | Self::LessThan(..) | Self::Null(..) => {}
        }
    }

    pub(crate) fn into_expr(self) -> Expr {
        match self {
            Self::Constant(true) => Expr::cust("TRUE"),
            Self::Constant(false) => Expr::cust("FALSE"),
            Self::Compare(column, operator, value) => compare(Expr::col(column), operator, value),
            Self::LessThan(first, second) => Expr::col(first).lt(Expr::col(second)),
            Self::Null(column, true) => Expr::col(column).is_null(),
            Self::Null(column, false) => Expr::col(column).is_not_null(),
            Self::Not(inner) => inner.into_expr().not(),
            Self::Joined(join, conditions) => {
                let start = match join {
                    Join::All => Folded::all(),
                    Join::Any => Folded::any(),
                };
                let add = |folded: Folded, inner: Self| folded.add(inner.into_expr());
                conditions.into_iter().fold(start, add).into()
            }
            Self::Exists {
                tables: [first, second],
                own,
                other,
                inner,
            } => {
                let mut query = Query::select();
                query
                    .expr(Expr::cust("1"))
                    .from(second.name)
                    .and_where(same_account(first, second, Mutant::ExistsAccount))
                    .and_where(Expr::col(other).eq(Expr::col(own)))
                    .and_where(inner.into_expr());
                Expr::exists(query)
            }
        }
    }
}

fn compare(column: Expr, operator: Operator, value: Value) -> Expr {
    match operator {
        Operator::Equal => column.eq(value),
        Operator::Unequal => column.ne(value),
        Operator::Less => column.lt(value),
        Operator::AtMost => column.lte(value),
        Operator::Greater => column.gt(value),
        Operator::AtLeast => column.gte(value),
        Operator::Contains => column.contains(value),
        Operator::Any => column.eq(PgFunc::any(Expr::val(value))),
    }
}
