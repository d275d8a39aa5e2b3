//! What a secret may not be said as: its word, in any form that a text could have it in, in a log or the message of a panic.

use std::{
    fmt::Debug,
    panic::{self, AssertUnwindSafe},
    sync::{Mutex, Once, OnceLock},
};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE},
};

/// The word that each secret holds, which no other test says.
pub(super) const CANARY: &str = "parakeet";

/// The forms of what isn't made of that word and may not be said either.
static SECRETS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Messages of panics that say a secret.
static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// From now on, this may not be said either.
pub(super) fn keep(secret: &[u8]) {
    SECRETS.lock().unwrap().extend(forms(secret));
}

/// Whether a text says a secret.
pub(super) fn says(text: &str) -> bool {
    static OF_THE_WORD: OnceLock<Vec<String>> = OnceLock::new();
    let of_the_word = OF_THE_WORD.get_or_init(|| {
        let upper = CANARY.to_ascii_uppercase();
        [CANARY, &upper]
            .into_iter()
            .flat_map(|word| forms(word.as_bytes()))
            .collect()
    });
    let lower = text.to_ascii_lowercase();
    let secrets = SECRETS.lock().unwrap();
    let said = |form: &String| text.contains(form) || lower.contains(form);
    of_the_word.iter().chain(secrets.iter()).any(said)
}

/// As it is, percent-coded, as numbers, in hex, and in base64, wherever it stands in what is coded. Whatever case doesn't
/// matter to is in lower case.
fn forms(secret: &[u8]) -> Vec<String> {
    let each = |form: fn(&u8) -> String| secret.iter().map(form).collect::<Vec<_>>();
    let mut forms = vec![
        String::from_utf8_lossy(secret).to_ascii_lowercase(),
        each(|byte| format!("%{byte:02x}")).concat(),
        each(|byte| format!("{byte:02x}")).concat(),
        each(u8::to_string).join(", "),
    ];
    for before in 0..3 {
        let coded = [&[0; 3][..before], secret].concat();
        // A letter stands for six bits; those that are the secret's alone are the same whatever is beside it.
        let (from, to) = ((8 * before).div_ceil(6), 8 * coded.len() / 6);
        for code in [&STANDARD, &URL_SAFE] {
            forms.push(code.encode(&coded)[from..to].to_owned());
        }
    }
    forms
}

/// From now on, each panic's message is looked at; whatever was there before still hears of it.
pub(super) fn watch_panics() {
    static WATCHED: Once = Once::new();
    WATCHED.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |panicked| {
            let message = panicked.to_string();
            if says(&message) {
                PANICS.lock().unwrap().push(message);
            }
            before(panicked);
        }));
    });
}

/// The messages so far that said a secret.
pub(super) fn panics() -> Vec<String> {
    PANICS.lock().unwrap().clone()
}

/// What the message says that is to be found.
pub(super) const OF_ITS_OWN: &str = "it was a parakeet";

/// What a program does that expects no error, or says what it has: it panics with it.
pub(super) fn panics_with(value: impl Debug) {
    let text = format!("{value:?}");
    assert!(!says(&text), "Debug says a secret: {text}");
    let text = format!("{value:#?}");
    assert!(!says(&text), "Debug says a secret: {text}");
    let unwrapped = panic::catch_unwind(AssertUnwindSafe(|| {
        let refused: Result<(), _> = std::hint::black_box(Err(&value));
        refused.unwrap()
    }));
    unwrapped.unwrap_err();
}

#[test]
fn a_secret_is_heard_in_each_form() {
    for said in [
        "a parakeet's",
        "PARAKEET",
        "70617261 6b656574 is 706172616B656574",
        "%70%61%72%61%6B%65%65%74",
        "[1, 112, 97, 114, 97, 107, 101, 101, 116, 2]",
        &STANDARD.encode("parakeet"),
        &STANDARD.encode("whsec_parakeet_of_mine"),
        &STANDARD.encode("1parakeet"),
        &URL_SAFE.encode("12parakeet?>"),
        &URL_SAFE.encode("ppp PARAKEET"),
    ] {
        assert!(says(said), "{said}");
    }
    for not in ["para keet", "parakee", "7061", ""] {
        assert!(!says(not), "{not}");
    }
    keep(b"\xff\xfe\x01canary of chance");
    assert!(says(&STANDARD.encode(b"x\xff\xfe\x01canary of chance")));
    watch_panics();
    let said = panic::catch_unwind(|| panic!("{OF_ITS_OWN}"));
    said.unwrap_err();
    assert!(panics().iter().any(|message| message.contains(OF_ITS_OWN)));
}
