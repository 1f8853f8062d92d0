//! Buckets, objects, and uploads in parts.

use crate::random;
use crate::world;
use bytes::Bytes;
use s3s::crypto::{Checksum as _, Md5};
use s3s::dto::Checksum;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// One object.
#[derive(Clone, Debug)]
pub(crate) struct Content {
    pub bytes: Bytes,
    pub e_tag: String,
    /// As the uploader announced it, and verified.
    pub checksum: Checksum,
    pub modified: i64,
}

/// Everything in S3.
#[derive(Debug, Default)]
pub(crate) struct Objects {
    buckets: BTreeMap<String, BTreeMap<String, Content>>,
    uploads: HashMap<String, BTreeMap<i32, Vec<u8>>>,
}

/// A page of a listing.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    pub objects: Vec<(String, Content)>,
    pub prefixes: BTreeSet<String>,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
}

impl Listing {
    pub fn len(&self) -> usize {
        self.objects.len() + self.prefixes.len()
    }
}

impl Content {
    pub fn new(bytes: Vec<u8>, checksum: Checksum, modified: i64) -> Self {
        Self { e_tag: e_tag(&bytes), bytes: Bytes::from(bytes), checksum, modified }
    }
}

/// MD5 in hexadecimal, as S3 does for plain uploads.
pub(crate) fn e_tag(bytes: &[u8]) -> String {
    Md5::checksum(bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Objects {
    pub fn of(buckets: &[world::Bucket]) -> Self {
        let filled = |bucket: &world::Bucket| {
            let objects = bucket.objects.iter();
            objects
                .map(|(key, bytes)| {
                    (key.clone(), Content::new(bytes.clone(), Checksum::default(), 1_767_225_600))
                })
                .collect()
        };
        Self {
            buckets: buckets.iter().map(|bucket| (bucket.name.clone(), filled(bucket))).collect(),
            uploads: HashMap::new(),
        }
    }

    pub fn bucket_names(&self) -> impl Iterator<Item = &str> {
        self.buckets.keys().map(String::as_str)
    }

    pub fn bucket(&self, name: &str) -> Option<&BTreeMap<String, Content>> {
        self.buckets.get(name)
    }

    /// `None`: no such bucket.
    pub fn put(&mut self, bucket: &str, key: &str, content: Content) -> Option<()> {
        self.buckets.get_mut(bucket)?.insert(key.to_owned(), content);
        Some(())
    }

    pub fn delete(&mut self, bucket: &str, key: &str) {
        if let Some(objects) = self.buckets.get_mut(bucket) {
            objects.remove(key);
        }
    }

    pub fn list(
        &self,
        bucket: &str,
        prefix: &str,
        delimiter: &str,
        after: &str,
        limit: usize,
    ) -> Option<Listing> {
        let mut listing = Listing::default();
        let mut last = String::new();
        for (key, content) in self.buckets.get(bucket)?.iter().filter(|(key, _)| key.starts_with(prefix)) {
            let end = key[prefix.len()..].find(delimiter).filter(|_| !delimiter.is_empty());
            let name = end.map_or(key.as_str(), |at| &key[..prefix.len() + at + delimiter.len()]);
            if name <= after || listing.prefixes.contains(name) {
                continue;
            }
            if listing.len() == limit {
                listing.next = Some(last);
                break;
            }
            name.clone_into(&mut last);
            match end {
                Some(_) => drop(listing.prefixes.insert(name.to_owned())),
                None => listing.objects.push((key.clone(), content.clone())),
            }
        }
        Some(listing)
    }

    pub fn begin_upload(&mut self) -> String {
        let id = random::base64url(64);
        self.uploads.insert(id.clone(), BTreeMap::new());
        id
    }

    pub fn add_part(&mut self, upload: &str, number: i32, bytes: Vec<u8>) -> Option<()> {
        self.uploads.get_mut(upload)?.insert(number, bytes);
        Some(())
    }

    /// The parts put together; `None` when the upload or one of its parts is not known.
    pub fn finish_upload(&mut self, upload: &str, numbers: &[i32]) -> Option<Vec<u8>> {
        let parts = self.uploads.get(upload)?;
        let chosen: Option<Vec<&[u8]>> =
            numbers.iter().map(|number| parts.get(number).map(Vec::as_slice)).collect();
        let bytes = chosen?.concat();
        self.uploads.remove(upload);
        Some(bytes)
    }

    pub fn drop_upload(&mut self, upload: &str) {
        self.uploads.remove(upload);
    }
}
