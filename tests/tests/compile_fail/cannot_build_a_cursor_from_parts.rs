// claim: A place in a list has no parts: it is what a list gave, or text that is checked where it is used.
// error[E0616]: field `0` of struct `access::Cursor` is private

use access::Cursor;

fn example(mut cursor: Cursor, text: String) -> Cursor {
    let _ = &cursor;
    cursor.0 = text;
    cursor
}

fn main() {}
