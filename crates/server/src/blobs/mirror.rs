//! Between object storage and a folder: for backup, restore and check, which work on files.

use std::path::Path;

use super::BlobStore;

impl BlobStore {
    /// Copies these blobs to a folder laid out as ours are. What is there stays; what the storage does not have is
    /// left out, for whoever reads the folder to find missing.
    ///
    /// # Errors
    /// When the disk or the storage refuses.
    pub async fn mirror(&self, names: &[String], folder: &Path) -> Result<(), std::io::Error> {
        for name in names {
            let path = folder.join(&name[..2]).join(name);
            if path.exists() {
                continue;
            }
            if let Some(bytes) = self.get(name).await? {
                std::fs::create_dir_all(folder.join(&name[..2]))?;
                std::fs::write(path, bytes)?;
            }
        }
        Ok(())
    }

    /// Stores every blob of a folder laid out as ours are; returns how many.
    ///
    /// # Errors
    /// When the disk or the storage refuses.
    pub async fn fill(&self, folder: &Path) -> Result<usize, std::io::Error> {
        let mut count = 0;
        if !folder.exists() {
            return Ok(count);
        }
        for some in std::fs::read_dir(folder)? {
            for file in std::fs::read_dir(some?.path())? {
                let path = file?.path();
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                self.put(&name, std::fs::read(&path)?).await?;
                count += 1;
            }
        }
        Ok(count)
    }
}
