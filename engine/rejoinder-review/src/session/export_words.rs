//! What a label would change in training files.

use rejoinder_core::{Answer, Category, Purpose};

/// How a label would change a KTO and an SFT file with the usual categories, in a sentence. `found` is the category in which the run found the turn, if it did.
pub(super) fn export_words(found: Option<Category>, label: Answer) -> String {
    let Answer::Unknown = label else {
        return sentence(found, label.category());
    };
    match found {
        Some(category) if Purpose::KTO.wants(category) => "Nobody can say: in files made from your labels the answer before the turn is in neither a KTO nor an SFT file.".to_owned(),
        _ => sentence(None, None),
    }
}

fn sentence(found: Option<Category>, said: Option<Category>) -> String {
    let is_good = |category: Category| category == Category::Ur5;
    let in_kto =
        |category: Option<Category>| category.filter(|category| Purpose::KTO.wants(*category)).map(is_good);
    let kto = match (in_kto(found), in_kto(said)) {
        (before, after) if before == after => None,
        (None, Some(true)) => Some("enters a KTO file as a good one"),
        (None, Some(false)) => Some("enters a KTO file as a bad one"),
        (Some(_), None) => Some("leaves the KTO file"),
        (_, Some(true)) => Some("turns from a bad into a good one in the KTO file"),
        _ => Some("turns from a good into a bad one in the KTO file"),
    };
    let sft = match (found.is_some_and(is_good), said.is_some_and(is_good)) {
        (true, false) => Some("leaves the SFT file"),
        (false, true) => Some("enters an SFT file"),
        _ => None,
    };
    match (kto, sft) {
        (None, None) => "This label changes neither a KTO nor an SFT file.".to_owned(),
        (kto, sft) => {
            let changes: Vec<&str> = kto.into_iter().chain(sft).collect();
            format!("With this label the answer before the turn {}.", changes.join(" and "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_changes_files_where_it_differs_in_what_they_count() {
        let words = |found, label: Option<Category>| export_words(found, label.into());
        let (thanks, wrong, bad) = (Some(Category::Ur5), Some(Category::Ur2), Some(Category::Ur3));
        let again = Some(Category::Ur1);
        let same = "This label changes neither a KTO nor an SFT file.";
        assert_eq!(
            [words(thanks, thanks), words(wrong, bad), words(None, again), words(None, None)],
            [same; 4]
        );
        assert_eq!(
            words(thanks, None),
            "With this label the answer before the turn leaves the KTO file and leaves the SFT file."
        );
        assert_eq!(words(wrong, None), "With this label the answer before the turn leaves the KTO file.");
        assert_eq!(
            words(None, thanks),
            "With this label the answer before the turn enters a KTO file as a good one and enters an SFT file."
        );
        assert!(words(wrong, thanks).contains("from a bad into a good one"));
        assert!(words(thanks, wrong).contains("from a good into a bad one"));
        assert!(export_words(thanks, Answer::Unknown).starts_with("Nobody can say"));
        assert_eq!(export_words(None, Answer::Unknown), same);
    }
}
