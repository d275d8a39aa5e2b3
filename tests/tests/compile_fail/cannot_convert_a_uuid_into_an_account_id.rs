// claim: A UUID doesn't become an account by the way.
// error[E0277]: the trait bound `AccountId: From<Uuid>` is not satisfied

use access::AccountId;
use uuid::Uuid;

fn example(id: Uuid) -> AccountId {
    id.into()
}

fn main() {}
