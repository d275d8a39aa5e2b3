//! Exact splitting of amounts: by largest remainder, without floats.

/// Splits `amount` in proportion to `weights`, by largest remainder: the parts sum to the amount exactly, each is within
/// one unit of its exact share, and a unit that can't be split goes to the largest remainder, of equal ones to the first.
///
/// `None` when there is nothing to split by (all weights 0) or the amount is negative.
pub(crate) fn split(amount: i64, weights: &[i64]) -> Option<Vec<i64>> {
    let total: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
    if amount < 0 || total <= 0 || weights.iter().any(|weight| *weight < 0) {
        return None;
    }
    let exact = |weight: i64| i128::from(amount) * i128::from(weight);
    let mut parts: Vec<i128> = weights.iter().map(|w| exact(*w) / total).collect();
    let mut left = i128::from(amount) - parts.iter().sum::<i128>();
    let mut by_remainder: Vec<usize> = (0..weights.len()).collect();
    by_remainder.sort_by_key(|at| {
        let weight = weights.get(*at).copied().unwrap_or_default();
        std::cmp::Reverse(exact(weight) % total)
    });
    for at in by_remainder {
        if left == 0 {
            break;
        }
        if let Some(part) = parts.get_mut(at) {
            *part += 1;
            left -= 1;
        }
    }
    parts
        .into_iter()
        .map(|part| i64::try_from(part).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::split;

    /// S67
    #[test]
    fn a_hundred_by_thirds_is_34_33_33() {
        assert_eq!(split(100, &[1, 1, 1]), Some(vec![34, 33, 33]));
        assert_eq!(split(101, &[1, 1, 1]), Some(vec![34, 34, 33]));
        assert_eq!(split(0, &[1, 2]), Some(vec![0, 0]));
        assert_eq!(split(1, &[0, 0]), None);
        assert_eq!(split(-1, &[1]), None);
        assert_eq!(split(1, &[]), None);
        assert_eq!(
            split(i64::MAX, &[i64::MAX; 3]).map(|p| p.iter().sum()),
            Some(i64::MAX)
        );
    }

    /// The rule once more, unit by unit: who is furthest below the exact share gets the next unit.
    fn model(amount: i64, weights: &[i64]) -> Vec<i64> {
        let total: i128 = weights.iter().map(|w| i128::from(*w)).sum();
        let mut parts: Vec<i128> = weights
            .iter()
            .map(|w| (i128::from(amount) * i128::from(*w)).div_euclid(total))
            .collect();
        while parts.iter().sum::<i128>() < i128::from(amount) {
            let missing = |i: usize| i128::from(amount) * i128::from(weights[i]) - parts[i] * total;
            let mut next = 0;
            for i in 1..weights.len() {
                if missing(i) > missing(next) {
                    next = i;
                }
            }
            parts[next] += 1;
        }
        parts
            .into_iter()
            .map(|part| i64::try_from(part).unwrap())
            .collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 100_000, failure_persistence: None, ..ProptestConfig::default() })]

        /// S67
        #[test]
        fn a_split_is_exact_fair_and_deterministic(
            amount in prop_oneof![0..1_000_i64, 0..=1_000_000_000_000_000_i64],
            weights in prop::collection::vec(prop_oneof![Just(0_i64), 1..10_000_i64, 1..=i64::MAX], 1..=50),
        ) {
            if weights.iter().all(|w| *w == 0) {
                prop_assert_eq!(split(amount, &weights), None);
                return Ok(());
            }
            let parts = split(amount, &weights).unwrap();
            prop_assert_eq!(parts.iter().sum::<i64>(), amount);
            let total: i128 = weights.iter().map(|w| i128::from(*w)).sum();
            for (part, weight) in parts.iter().zip(&weights) {
                let off = i128::from(*part) * total - i128::from(amount) * i128::from(*weight);
                prop_assert!(off.abs() < total, "within one unit");
                prop_assert!(*weight > 0 || *part == 0);
            }
            prop_assert_eq!(&parts, &model(amount, &weights));
            prop_assert_eq!(Some(parts), split(amount, &weights));
        }

        /// What goes back step by step is taken in proportion, never more than is left, and all of it in the end.
        #[test]
        fn taking_back_in_steps_is_exact_and_ends_at_nothing(
            parts in prop::collection::vec(1..1_000_000_i64, 1..=20),
            steps in prop::collection::vec(0.0..1.0_f64, 0..6),
        ) {
            let amount: i64 = parts.iter().sum();
            let mut left = parts.clone();
            let mut totals: Vec<i64> = steps.iter().map(|s| (*s * amount as f64) as i64).collect();
            totals.push(amount);
            totals.sort_unstable();
            for total in totals {
                let before: i64 = left.iter().sum();
                let due = total - (amount - before);
                if due == 0 {
                    continue;
                }
                let taken = split(due, &left).unwrap();
                for (part, take) in left.iter_mut().zip(taken) {
                    let exact = i128::from(due) * i128::from(*part);
                    let off = i128::from(take) * i128::from(before) - exact;
                    prop_assert!(off.abs() < i128::from(before), "within one unit");
                    *part -= take;
                    prop_assert!(*part >= 0);
                }
                prop_assert_eq!(left.iter().sum::<i64>(), amount - total);
            }
            prop_assert!(left.iter().all(|part| *part == 0));
        }
    }
}
