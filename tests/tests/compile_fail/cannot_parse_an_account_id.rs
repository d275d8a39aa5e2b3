// claim: An account isn't read from text.
// error[E0277]: the trait bound `AccountId: Text` is not satisfied

use std::str::FromStr;

use access::AccountId as Wanted;

trait Text: Sized {
    fn read(text: &str) -> Option<Self>;
}

// Names what is missing without a list of all that is there.
#[diagnostic::do_not_recommend]
impl<T: FromStr> Text for T {
    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

fn example(text: &str) -> Option<Wanted> {
    <Wanted as Text>::read(text)
}

fn main() {}
