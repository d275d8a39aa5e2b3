use std::fs::{File, OpenOptions};
use std::path::Path;

use crate::folder;
use crate::{Error, Result};

/// A lock on a file, shared by processes and threads, held until it is dropped. The system
/// releases it when the process dies.
#[derive(Debug)]
pub(crate) struct Lock(File);

impl Lock {
    /// Waits until no one else holds the lock.
    pub(crate) fn exclusive(path: &Path) -> Result<Self> {
        let file = open(path)?;
        file.lock().map_err(Error::file(path))?;
        Ok(Self(file))
    }

    /// Takes the lock only if no one holds it.
    pub(crate) fn try_exclusive(path: &Path) -> Result<Option<Self>> {
        let file = open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self(file))),
            Err(std::fs::TryLockError::WouldBlock) => Ok(None),
            Err(std::fs::TryLockError::Error(source)) => Err(Error::file(path)(source)),
        }
    }

    /// Waits until no one holds the lock alone, then holds it beside others.
    pub(crate) fn shared(path: &Path) -> Result<Self> {
        let file = open(path)?;
        file.lock_shared().map_err(Error::file(path))?;
        Ok(Self(file))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing the file would unlock it too; a failure here changes nothing.
        let _ = self.0.unlock();
    }
}

fn open(path: &Path) -> Result<File> {
    if let Some(parent) = path.parent() {
        folder::create(parent)?;
    }
    OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(Error::file(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exclusive_lock_keeps_others_out() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a").join("lock");
        let held = Lock::exclusive(&path).unwrap();
        assert!(Lock::try_exclusive(&path).unwrap().is_none());
        drop(held);
        let shared = Lock::shared(&path).unwrap();
        let other = Lock::shared(&path).unwrap();
        assert!(Lock::try_exclusive(&path).unwrap().is_none());
        drop((shared, other));
        assert!(Lock::try_exclusive(&path).unwrap().is_some());
    }
}
