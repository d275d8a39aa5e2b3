//! Enters migrations into the list of all, and the last one into what the entities ask for.

use anyhow::Context;

/// `migration/src/lib.rs` with these migrations at the end.
///
/// # Errors
/// When the file has no list to add them to.
pub fn in_the_list(source: &str, stems: &[String]) -> anyhow::Result<String> {
    let mut lines: Vec<String> = source.lines().map(str::to_owned).collect();
    let last = |lines: &[String], start: &str| {
        let found = lines.iter().rposition(|line| line.starts_with(start));
        found
            .with_context(|| format!("migration/src/lib.rs has no line that begins with `{start}`"))
    };
    let boxed = last(&lines, "            Box::new(m")?;
    for (at, stem) in stems.iter().enumerate() {
        lines.insert(
            boxed + 1 + at,
            format!("            Box::new({stem}::Migration),"),
        );
    }
    let declared = last(&lines, "mod m2")?;
    for (at, stem) in stems.iter().enumerate() {
        lines.insert(declared + 1 + at, format!("mod {stem};"));
    }
    Ok(lines.join("\n") + "\n")
}

/// `entity/src/schema.rs` with this migration as the one that the entities are written for.
///
/// # Errors
/// When the file says nothing of it.
pub fn as_the_last(source: &str, stem: &str) -> anyhow::Result<String> {
    let start = "const MIGRATION: &str = \"";
    let (before, rest) = (source.split_once(start))
        .with_context(|| format!("entity/src/schema.rs has no `{start}…\"`"))?;
    let (_, after) = rest
        .split_once('"')
        .context("entity/src/schema.rs: MIGRATION doesn't end")?;
    Ok(format!("{before}{start}{stem}\"{after}"))
}

/// The last migration of `migration/src/lib.rs`.
#[must_use]
pub fn last(source: &str) -> Option<&str> {
    let mut lines = source.lines().filter_map(|line| {
        let line = line.trim().strip_prefix("Box::new(m")?;
        let (stem, _) = line.split_once("::")?;
        Some(stem)
    });
    lines.next_back()
}

/// Stamps for new migrations, `YYYYMMDD_HHMMSS`: the time in seconds since 1970, or right after the last migration's if that
/// is later.
#[must_use]
pub fn stamps(now: u64, last: Option<&str>) -> [String; 3] {
    let last = last.and_then(|stem| stem.get(..15)).unwrap_or_default();
    let mut stamps: Vec<String> = (0..3).map(|more| stamp(now + more)).collect();
    if stamps.first().is_some_and(|first| first.as_str() <= last) {
        let (day, second) = last.split_once('_').unwrap_or(("19700101", "000000"));
        let second: u32 = second.parse().unwrap_or_default();
        stamps = (1..=3)
            .map(|more| format!("{day}_{:06}", second + more))
            .collect();
    }
    let mut stamps = stamps.into_iter();
    std::array::from_fn(|_| stamps.next().unwrap_or_default())
}

/// The calendar of a second since 1970, after Howard Hinnant's `civil_from_days`.
fn stamp(seconds: u64) -> String {
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let of_era = shifted % 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!(
        "{year:04}{month:02}{day:02}_{:02}{:02}{:02}",
        second / 3_600,
        second / 60 % 60,
        second % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_are_listed_after_the_last() {
        let source = "mod m20261125_000001_a;\nmod m20261125_000002_b;\npub mod rls;\n\n        vec![\n            \
                      Box::new(m20261125_000001_a::Migration),\n            Box::new(m20261125_000002_b::Migration),\n        ]\n";
        assert_eq!(last(source), Some("20261125_000002_b"));
        let listed = in_the_list(source, &["m3_c".to_owned(), "m4_d".to_owned()]).unwrap();
        assert!(
            listed.contains("mod m20261125_000002_b;\nmod m3_c;\nmod m4_d;\npub mod rls;"),
            "{listed}"
        );
        assert!(listed.contains(
            "Box::new(m3_c::Migration),\n            Box::new(m4_d::Migration),\n        ]"
        ));
        let schema = "const MIGRATION: &str = \"m1\";\nconst APP: i32 = 1;\n";
        let raised = as_the_last(schema, "m3_c").unwrap();
        assert_eq!(
            raised,
            "const MIGRATION: &str = \"m3_c\";\nconst APP: i32 = 1;\n"
        );
    }

    #[test]
    fn stamps_come_after_the_last_migration() {
        assert_eq!(stamp(1_795_000_000), "20261118_110640");
        assert_eq!(stamp(951_782_400), "20000229_000000");
        let later = stamps(1_795_000_000, Some("20261125_000008_b"));
        assert_eq!(
            later,
            ["20261125_000009", "20261125_000010", "20261125_000011"]
        );
        assert_eq!(stamps(1_795_000_000, None)[2], "20261118_110642");
    }
}
