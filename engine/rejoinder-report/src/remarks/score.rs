//! What the learned score has to do with decisions: one line.

use rejoinder_core::{Category, Purpose};
use rejoinder_scan::{ScoreRole, SetAside};
use rejoinder_score::{AcceptingCuts, RejectingCut};

/// The part that the score took, where the config alone does not say it.
pub fn score(role: &ScoreRole, purpose: Purpose) -> Option<String> {
    match role {
        ScoreRole::Off | ScoreRole::Told | ScoreRole::SetAside(SetAside::OlderRun) => None,
        ScoreRole::SetAside(why) => Some(format!("score: not used, since {why}; rules and plugins decide alone")),
        ScoreRole::Assumed(RejectingCut { score, recall, .. }) => Some(format!(
            "score: turns below {score:.3} are rejected. That cut kept {recall} of the feedback for `{purpose}` on the labels it was \
             measured on; here it is an assumption, which `run --recall {recall}` makes a promise (--no-score: rules alone)"
        )),
        ScoreRole::Accepting(cuts) => Some(without_judge(cuts)),
        ScoreRole::AcceptingTold => {
            Some("score: nobody is asked; turns are accepted from the scores that the config says, all others rejected".to_owned())
        }
    }
}

fn without_judge(cuts: &AcceptingCuts) -> String {
    let AcceptingCuts { purpose, precision, scores, recall, recall_by_category, .. } = cuts;
    let wanted = || Category::ALL.into_iter().filter(|category| purpose.wants(*category));
    let from = wanted().filter_map(|category| Some(format!("{category} {:.3}", scores[category.index()]?)));
    let of = wanted().map(|category| format!("{category} {:.2}", recall_by_category[category.index()]));
    format!(
        "score: nobody is asked; accepted from {}, where {precision} was right on the labels it was measured on (of the shipped score: \
         those of a language model); all others rejected. Recall to expect, with what rules accept: at most {recall:.2}, as on those \
         labels, which the shipped rules were tuned on ({})",
        from.collect::<Vec<_>>().join(" · "),
        of.collect::<Vec<_>>().join(" · "),
    )
}
