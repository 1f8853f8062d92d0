//! A login in a file: readable by this user only, but not encrypted. Used by explicit choice only
//! (`cognito_store = file`).

use super::{Bytes, EntryName, Store, StoreError};
use crate::platform::{self, Unusable, reason};
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::time::Duration;

/// One 0600 file for each entry in a 0700 folder; on Windows the folder's access list has the user, the system
/// and administrators.
#[derive(Debug)]
pub struct Files {
    folder: PathBuf,
}

impl Files {
    /// The files in `folder`, which is created by the first save; see
    /// [`data_place`](platform::data_place) for the usual one.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    fn path(&self, name: &EntryName) -> PathBuf {
        self.folder.join(name.as_str())
    }

    fn folder_exists(&self) -> Result<bool, StoreError> {
        match platform::check_private_dir(&self.folder) {
            Ok(()) => Ok(true),
            Err(Unusable::Missing) => Ok(false),
            Err(why) => Err(self.about_folder(&why)),
        }
    }

    fn about_folder(&self, why: &Unusable) -> StoreError {
        StoreError::Failed(format!("the folder {} {why}", self.folder.display()))
    }

    fn about_file(&self, name: &EntryName, error: &io::Error) -> StoreError {
        let text = format!("the file {}: {}", self.path(name).display(), reason(error));
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => StoreError::Full(text),
            _ => StoreError::Failed(text),
        }
    }
}

impl Store for Files {
    fn load(&self, name: &EntryName) -> Result<Option<Bytes>, StoreError> {
        if !self.folder_exists()? {
            return Ok(None);
        }
        platform::read_private(&self.path(name)).map_err(|error| self.about_file(name, &error))
    }

    /// Keeps the value until it is deleted.
    fn save(&self, name: &EntryName, value: &[u8], _lives: Option<Duration>) -> Result<(), StoreError> {
        // A name alone would be a file in whatever folder the program was called from.
        if self.folder.as_os_str().is_empty() {
            let text = "neither HOME nor XDG_DATA_HOME names a folder for it";
            return Err(StoreError::Failed(text.to_owned()));
        }
        platform::make_secret_dir(&self.folder).map_err(|why| self.about_folder(&why))?;
        platform::write_private(&self.path(name), value).map_err(|error| self.about_file(name, &error))
    }

    fn delete(&self, name: &EntryName) -> Result<(), StoreError> {
        if !self.folder_exists()? {
            return Ok(());
        }
        platform::remove_private(&self.path(name)).map_err(|error| self.about_file(name, &error))
    }

    fn describe(&self) -> String {
        format!("file, not encrypted ({})", self.folder.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::Snapshot;

    #[test]
    fn where_no_folder_is_named_nothing_is_kept_in_the_current_one() {
        let name = EntryName::new("login", ["nowhere"]);
        let refused = Files::new("").save(&name, b"x", None).unwrap_err();
        let mut told = Snapshot::of("reasons", "file-store");
        told.tell("neither HOME nor XDG_DATA_HOME", &refused.to_string());
        told.compare();
    }
}
