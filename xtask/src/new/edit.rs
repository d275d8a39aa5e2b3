use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

/// Changes of files that are written together, once all of them are known to be possible.
#[derive(Debug)]
pub(super) struct Edits {
    root: PathBuf,
    files: BTreeMap<String, String>,
}

impl Edits {
    pub(super) fn of(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            files: BTreeMap::new(),
        }
    }

    /// A file that isn't there yet.
    pub(super) fn create(&mut self, path: &str, text: String) -> anyhow::Result<()> {
        ensure!(!self.root.join(path).exists(), "{path} is there already");
        self.files.insert(path.to_owned(), text);
        Ok(())
    }

    /// Puts a text after the first place where the file says `mark`.
    pub(super) fn after(&mut self, path: &str, mark: &str, text: &str) -> anyhow::Result<()> {
        self.insert(path, mark, mark.len(), text)
    }

    /// Puts a text before the first place where the file says `mark`.
    pub(super) fn before(&mut self, path: &str, mark: &str, text: &str) -> anyhow::Result<()> {
        self.insert(path, mark, 0, text)
    }

    /// Puts a text at the end of the file.
    pub(super) fn append(&mut self, path: &str, text: &str) -> anyhow::Result<()> {
        self.file(path)?.push_str(text);
        Ok(())
    }

    /// Writes all files, and tells them.
    pub(super) fn write(self) -> anyhow::Result<Vec<String>> {
        for (path, text) in &self.files {
            fs::write(self.root.join(path), text).with_context(|| path.clone())?;
        }
        Ok(self.files.into_keys().collect())
    }

    fn insert(&mut self, path: &str, mark: &str, offset: usize, text: &str) -> anyhow::Result<()> {
        let file = self.file(path)?;
        let place = file
            .find(mark)
            .with_context(|| format!("{path} doesn't say `{}` any more", mark.trim()))?;
        file.insert_str(place + offset, text);
        Ok(())
    }

    fn file(&mut self, path: &str) -> anyhow::Result<&mut String> {
        if !self.files.contains_key(path) {
            let text = fs::read_to_string(self.root.join(path)).with_context(|| path.to_owned())?;
            self.files.insert(path.to_owned(), text);
        }
        self.files.get_mut(path).with_context(|| path.to_owned())
    }
}
