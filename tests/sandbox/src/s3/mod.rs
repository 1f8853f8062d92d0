//! S3: the s3s crate does protocol and signatures, this is the storage behind it. One bucket's worth
//! of objects in memory; enough for `aws s3 cp`, `ls`, `rm` and `sync`, multipart uploads included.

mod access;
mod objects;

pub(crate) use objects::Objects;

use crate::server::Shared;
use access::Gate;
use futures::TryStreamExt;
use objects::{Content, Listing};
use s3s::config::{S3Config, StaticConfigProvider};
use s3s::dto::*;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{S3, S3Request, S3Response, S3Result, TrailingHeaders, s3_error};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// The service over the shared state.
pub(crate) fn service(shared: &Arc<Shared>) -> S3Service {
    let mut config = S3Config::default();
    // s3s judges by the system's clock; the gate does it by the sandbox's.
    config.presigned_url_max_skew_time_secs = u32::MAX;
    let mut builder = S3ServiceBuilder::new(Storage(Arc::clone(shared)));
    builder.set_config(Arc::new(StaticConfigProvider::new(Arc::new(config))));
    builder.set_auth(Gate(Arc::clone(shared)));
    builder.set_access(Gate(Arc::clone(shared)));
    builder.build()
}

struct Storage(Arc<Shared>);

impl Storage {
    fn object(&self, bucket: &str, key: &str) -> S3Result<Content> {
        let state = self.0.state();
        let bucket = state.objects.bucket(bucket).ok_or_else(|| s3_error!(NoSuchBucket))?;
        bucket.get(key).cloned().ok_or_else(|| s3_error!(NoSuchKey))
    }

    fn list(
        &self,
        bucket: &str,
        prefix: Option<&str>,
        delimiter: Option<&str>,
        after: Option<&str>,
        limit: Option<i32>,
    ) -> S3Result<Listing> {
        let state = self.0.state();
        let limit = usize::try_from(limit.unwrap_or(1000)).unwrap_or(0).min(1000);
        state
            .objects
            .list(
                bucket,
                prefix.unwrap_or_default(),
                delimiter.unwrap_or_default(),
                after.unwrap_or_default(),
                limit,
            )
            .ok_or_else(|| s3_error!(NoSuchBucket))
    }
}

#[async_trait::async_trait]
impl S3 for Storage {
    async fn list_buckets(&self, _: S3Request<ListBucketsInput>) -> S3Result<S3Response<ListBucketsOutput>> {
        let state = self.0.state();
        let buckets = state
            .objects
            .bucket_names()
            .map(|name| Bucket {
                name: Some(name.to_owned()),
                creation_date: Some(timestamp(state.now())),
                ..Default::default()
            })
            .collect();
        Ok(S3Response::new(ListBucketsOutput { buckets: Some(buckets), ..Default::default() }))
    }

    async fn head_bucket(&self, req: S3Request<HeadBucketInput>) -> S3Result<S3Response<HeadBucketOutput>> {
        let state = self.0.state();
        state.objects.bucket(&req.input.bucket).ok_or_else(|| s3_error!(NoSuchBucket))?;
        let output =
            HeadBucketOutput { bucket_region: Some(state.world.region.clone()), ..Default::default() };
        Ok(S3Response::new(output))
    }

    async fn list_objects_v2(
        &self,
        req: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = req.input;
        let after = input.continuation_token.as_deref().or(input.start_after.as_deref());
        let listing = self.list(
            &input.bucket,
            input.prefix.as_deref(),
            input.delimiter.as_deref(),
            after,
            input.max_keys,
        )?;
        Ok(S3Response::new(ListObjectsV2Output {
            name: Some(input.bucket),
            key_count: i32::try_from(listing.len()).ok(),
            max_keys: input.max_keys,
            is_truncated: Some(listing.next.is_some()),
            next_continuation_token: listing.next.clone(),
            common_prefixes: Some(prefixes(&listing)),
            contents: Some(contents(&listing)),
            prefix: input.prefix,
            delimiter: input.delimiter,
            encoding_type: input.encoding_type,
            ..Default::default()
        }))
    }

    async fn list_objects(
        &self,
        req: S3Request<ListObjectsInput>,
    ) -> S3Result<S3Response<ListObjectsOutput>> {
        let input = req.input;
        let listing = self.list(
            &input.bucket,
            input.prefix.as_deref(),
            input.delimiter.as_deref(),
            input.marker.as_deref(),
            input.max_keys,
        )?;
        Ok(S3Response::new(ListObjectsOutput {
            name: Some(input.bucket),
            is_truncated: Some(listing.next.is_some()),
            next_marker: listing.next.clone(),
            common_prefixes: Some(prefixes(&listing)),
            contents: Some(contents(&listing)),
            prefix: input.prefix,
            delimiter: input.delimiter,
            ..Default::default()
        }))
    }

    async fn head_object(&self, req: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
        let content = self.object(&req.input.bucket, &req.input.key)?;
        let checksum = req.input.checksum_mode.map(|_| content.checksum.clone()).unwrap_or_default();
        Ok(S3Response::new(HeadObjectOutput {
            content_length: Some(length(content.bytes.len())),
            e_tag: Some(ETag::Strong(content.e_tag.clone())),
            last_modified: Some(timestamp(content.modified)),
            accept_ranges: Some("bytes".to_owned()),
            checksum_crc32: checksum.checksum_crc32,
            checksum_crc32c: checksum.checksum_crc32c,
            checksum_crc64nvme: checksum.checksum_crc64nvme,
            checksum_sha1: checksum.checksum_sha1,
            checksum_sha256: checksum.checksum_sha256,
            ..Default::default()
        }))
    }

    async fn get_object(&self, req: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let content = self.object(&req.input.bucket, &req.input.key)?;
        let total = content.bytes.len();
        let whole = req.input.range.is_none();
        let range = match req.input.range {
            None => 0..total,
            Some(range) => {
                let range = range.check(total as u64)?;
                usize::try_from(range.start).unwrap_or(total)..usize::try_from(range.end).unwrap_or(total)
            }
        };
        let content_range = (!whole).then(|| format!("bytes {}-{}/{total}", range.start, range.end - 1));
        let part = content.bytes.slice(range);
        let checksum =
            req.input.checksum_mode.filter(|_| whole).map(|_| content.checksum.clone()).unwrap_or_default();
        Ok(S3Response::new(GetObjectOutput {
            content_length: Some(length(part.len())),
            content_range,
            body: Some(StreamingBlob::from(s3s::Body::from(part))),
            e_tag: Some(ETag::Strong(content.e_tag.clone())),
            last_modified: Some(timestamp(content.modified)),
            accept_ranges: Some("bytes".to_owned()),
            checksum_crc32: checksum.checksum_crc32,
            checksum_crc32c: checksum.checksum_crc32c,
            checksum_crc64nvme: checksum.checksum_crc64nvme,
            checksum_sha1: checksum.checksum_sha1,
            checksum_sha256: checksum.checksum_sha256,
            ..Default::default()
        }))
    }

    async fn put_object(&self, req: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        let input = req.input;
        let announced = Checksum {
            checksum_crc32: input.checksum_crc32,
            checksum_crc32c: input.checksum_crc32c,
            checksum_crc64nvme: input.checksum_crc64nvme,
            checksum_sha1: input.checksum_sha1,
            checksum_sha256: input.checksum_sha256,
            ..Default::default()
        };
        let bytes = read(input.body).await?;
        let checksum = checked(&bytes, announced, req.trailing_headers.as_ref())?;
        let mut state = self.0.state();
        let now = state.now();
        let content = Content::new(bytes, checksum, now);
        let output = PutObjectOutput {
            e_tag: Some(ETag::Strong(content.e_tag.clone())),
            checksum_crc32: content.checksum.checksum_crc32.clone(),
            checksum_crc64nvme: content.checksum.checksum_crc64nvme.clone(),
            ..Default::default()
        };
        state.objects.put(&input.bucket, &input.key, content).ok_or_else(|| s3_error!(NoSuchBucket))?;
        Ok(S3Response::new(output))
    }

    async fn delete_object(
        &self,
        req: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        self.0.state().objects.delete(&req.input.bucket, &req.input.key);
        Ok(S3Response::with_status(DeleteObjectOutput::default(), hyper::StatusCode::NO_CONTENT))
    }

    async fn create_multipart_upload(
        &self,
        req: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        let upload_id = self.0.state().objects.begin_upload();
        let output = CreateMultipartUploadOutput {
            bucket: Some(req.input.bucket),
            key: Some(req.input.key),
            upload_id: Some(upload_id),
            ..Default::default()
        };
        Ok(S3Response::new(output))
    }

    async fn upload_part(&self, req: S3Request<UploadPartInput>) -> S3Result<S3Response<UploadPartOutput>> {
        let input = req.input;
        let announced = Checksum {
            checksum_crc32: input.checksum_crc32,
            checksum_crc32c: input.checksum_crc32c,
            checksum_crc64nvme: input.checksum_crc64nvme,
            checksum_sha1: input.checksum_sha1,
            checksum_sha256: input.checksum_sha256,
            ..Default::default()
        };
        let bytes = read(input.body).await?;
        let checksum = checked(&bytes, announced, req.trailing_headers.as_ref())?;
        let e_tag = objects::e_tag(&bytes);
        let known = self.0.state().objects.add_part(&input.upload_id, input.part_number, bytes);
        known.ok_or_else(|| s3_error!(NoSuchUpload))?;
        Ok(S3Response::new(UploadPartOutput {
            e_tag: Some(ETag::Strong(e_tag)),
            checksum_crc32: checksum.checksum_crc32,
            checksum_crc32c: checksum.checksum_crc32c,
            checksum_crc64nvme: checksum.checksum_crc64nvme,
            checksum_sha1: checksum.checksum_sha1,
            checksum_sha256: checksum.checksum_sha256,
            ..Default::default()
        }))
    }

    async fn complete_multipart_upload(
        &self,
        req: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let input = req.input;
        let numbers: Vec<i32> = input
            .multipart_upload
            .and_then(|list| list.parts)
            .into_iter()
            .flatten()
            .filter_map(|part| part.part_number)
            .collect();
        let mut state = self.0.state();
        let bytes =
            state.objects.finish_upload(&input.upload_id, &numbers).ok_or_else(|| s3_error!(NoSuchUpload))?;
        let now = state.now();
        let content = Content::new(bytes, Checksum::default(), now);
        let e_tag = ETag::Strong(content.e_tag.clone());
        state.objects.put(&input.bucket, &input.key, content).ok_or_else(|| s3_error!(NoSuchBucket))?;
        let output = CompleteMultipartUploadOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            e_tag: Some(e_tag),
            ..Default::default()
        };
        Ok(S3Response::new(output))
    }

    async fn abort_multipart_upload(
        &self,
        req: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        self.0.state().objects.drop_upload(&req.input.upload_id);
        Ok(S3Response::with_status(AbortMultipartUploadOutput::default(), hyper::StatusCode::NO_CONTENT))
    }
}

async fn read(body: Option<StreamingBlob>) -> S3Result<Vec<u8>> {
    let Some(body) = body else { return Ok(Vec::new()) };
    let joined = body.try_fold(Vec::new(), |mut all, chunk| async move {
        all.extend_from_slice(&chunk);
        Ok(all)
    });
    joined.await.map_err(|error| {
        // A wrong chunk signature or a broken aws-chunked frame ends up here.
        s3_error!(SignatureDoesNotMatch, "The request body could not be read: {error}")
    })
}

/// Compares the checksum that was announced in a header or a trailer with that of the bytes.
fn checked(bytes: &[u8], announced: Checksum, trailers: Option<&TrailingHeaders>) -> S3Result<Checksum> {
    let announced = match trailers.and_then(TrailingHeaders::take) {
        None => announced,
        Some(trailers) => {
            let trailer =
                |name: &str| trailers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
            Checksum {
                checksum_crc32: trailer("x-amz-checksum-crc32").or(announced.checksum_crc32),
                checksum_crc32c: trailer("x-amz-checksum-crc32c").or(announced.checksum_crc32c),
                checksum_crc64nvme: trailer("x-amz-checksum-crc64nvme").or(announced.checksum_crc64nvme),
                checksum_sha1: trailer("x-amz-checksum-sha1").or(announced.checksum_sha1),
                checksum_sha256: trailer("x-amz-checksum-sha256").or(announced.checksum_sha256),
                ..Default::default()
            }
        }
    };
    let mut hasher = s3s::checksum::ChecksumHasher {
        crc32: announced.checksum_crc32.as_ref().map(|_| Default::default()),
        crc32c: announced.checksum_crc32c.as_ref().map(|_| Default::default()),
        crc64nvme: announced.checksum_crc64nvme.as_ref().map(|_| Default::default()),
        sha1: announced.checksum_sha1.as_ref().map(|_| Default::default()),
        sha256: announced.checksum_sha256.as_ref().map(|_| Default::default()),
    };
    hasher.update(bytes);
    let actual = hasher.finalize();
    if actual != announced {
        return Err(s3_error!(
            BadDigest,
            "The checksum you specified did not match the calculated checksum."
        ));
    }
    Ok(actual)
}

fn contents(listing: &Listing) -> Vec<Object> {
    let object = |(key, content): &(String, Content)| Object {
        key: Some(key.clone()),
        size: Some(length(content.bytes.len())),
        e_tag: Some(ETag::Strong(content.e_tag.clone())),
        last_modified: Some(timestamp(content.modified)),
        ..Default::default()
    };
    listing.objects.iter().map(object).collect()
}

fn prefixes(listing: &Listing) -> Vec<CommonPrefix> {
    listing.prefixes.iter().map(|prefix| CommonPrefix { prefix: Some(prefix.clone()) }).collect()
}

fn length(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

fn timestamp(seconds: i64) -> Timestamp {
    Timestamp::from(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.max(0).cast_unsigned()))
}
