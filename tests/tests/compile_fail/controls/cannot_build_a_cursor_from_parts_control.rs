// control: cannot_build_a_cursor_from_parts

use access::Cursor;

fn example(mut cursor: Cursor, text: String) -> Cursor {
    let _ = &cursor;
    cursor = text.into();
    cursor
}

fn main() {}
