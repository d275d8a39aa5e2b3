use std::path::PathBuf;

use anyhow::Context;
use dev_server::DatabaseUrl;

/// What `cargo xtask studio` was told, as it passes it on.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The program that is asked for facts.
    pub(crate) xtask: PathBuf,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) open: bool,
    pub(crate) remote: bool,
    pub(crate) sample: bool,
    /// Whether to make the sample's rows, and nothing else.
    pub(crate) fill: bool,
    pub(crate) actor: String,
    pub(crate) app: Option<DatabaseUrl>,
    pub(crate) system: Option<DatabaseUrl>,
    pub(crate) export: Option<PathBuf>,
    pub(crate) screenshots: Option<PathBuf>,
}

impl Settings {
    pub(crate) fn read() -> anyhow::Result<Self> {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let wanted = |name: &'static str| {
            variable(name).with_context(|| format!("{name} isn't set: run `cargo xtask studio`"))
        };
        let url = |name: &'static str| {
            let url = variable(name).map(|url| DatabaseUrl::parse(&url).context(name));
            url.transpose()
        };
        Ok(Self {
            xtask: wanted("STUDIO_XTASK")?.into(),
            host: wanted("STUDIO_HOST")?,
            port: wanted("STUDIO_PORT")?.parse().context("STUDIO_PORT")?,
            open: variable("STUDIO_OPEN").is_some(),
            remote: variable("STUDIO_REMOTE").is_some(),
            sample: variable("STUDIO_SAMPLE").is_some(),
            fill: variable("STUDIO_FILL").is_some(),
            actor: wanted("STUDIO_ACTOR")?,
            app: url("DATABASE_URL")?,
            system: url("SYSTEM_DATABASE_URL")?,
            export: variable("STUDIO_EXPORT").map(PathBuf::from),
            screenshots: variable("STUDIO_SCREENSHOTS").map(PathBuf::from),
        })
    }
}
