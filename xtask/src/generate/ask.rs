use generate::renames::{Doubt, Rename};

use crate::terminal;

/// Asks about each name that is gone; on a terminal only. Elsewhere lists them, with what to pass, and returns false.
pub(super) fn about(doubts: &[Doubt], told: &mut Vec<Rename>, dropped: &mut Vec<String>) -> bool {
    let Some(doubt) = doubts.first() else {
        return false;
    };
    for new in &doubt.new {
        match terminal::ask(&format!("Is `{new}` what `{}` was?", doubt.gone)) {
            Some(true) => {
                told.push(Rename {
                    from: doubt.gone.clone(),
                    to: new.clone(),
                });
                return true;
            }
            Some(false) => {}
            None => {
                list(doubts);
                return false;
            }
        }
    }
    dropped.push(doubt.gone.clone());
    true
}

fn list(doubts: &[Doubt]) {
    eprintln!("what is gone may have another name now; say for each which it is:");
    for doubt in doubts {
        let gone = &doubt.gone;
        for new in &doubt.new {
            eprintln!("  --rename {gone}={new}");
        }
        eprintln!("  --drop {gone}");
    }
}
