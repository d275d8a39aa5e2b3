use generate::renames::{Doubt, Rename};

/// Asks about the first name that is gone, and notes the answer. Returns false when nobody is there to answer.
pub(super) fn about(
    doubt: &Doubt,
    told: &mut Vec<Rename>,
    dropped: &mut Vec<String>,
    ask: impl Fn(&str) -> Option<bool>,
) -> bool {
    for new in &doubt.new {
        match ask(&format!("Is `{new}` what `{}` was?", doubt.gone)) {
            Some(true) => {
                told.push(Rename {
                    from: doubt.gone.clone(),
                    to: new.clone(),
                });
                return true;
            }
            Some(false) => {}
            None => return false,
        }
    }
    dropped.push(doubt.gone.clone());
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(answers: impl Fn(&str) -> Option<bool>) -> (bool, Vec<Rename>, Vec<String>) {
        let doubt = Doubt {
            gone: "notes.body".to_owned(),
            new: vec!["notes.size".to_owned(), "notes.text".to_owned()],
        };
        let (mut told, mut dropped) = (Vec::new(), Vec::new());
        let answered = about(&doubt, &mut told, &mut dropped, answers);
        (answered, told, dropped)
    }

    #[test]
    fn a_name_is_asked_about_until_the_answer_is_yes() {
        let rename = Rename {
            from: "notes.body".to_owned(),
            to: "notes.text".to_owned(),
        };
        let answered = asked(|question| Some(question == "Is `notes.text` what `notes.body` was?"));
        assert_eq!(answered, (true, vec![rename], vec![]));
    }

    #[test]
    fn a_name_that_no_other_was_is_gone() {
        let gone = vec!["notes.body".to_owned()];
        assert_eq!(asked(|_| Some(false)), (true, vec![], gone));
    }

    #[test]
    fn nothing_is_taken_for_granted_when_nobody_answers() {
        assert_eq!(asked(|_| None), (false, vec![], vec![]));
        let leaves = |question: &str| (!question.contains("text")).then_some(false);
        assert_eq!(asked(leaves), (false, vec![], vec![]));
    }
}
