//! The compressed answer, which we put together ourselves, is gzip to programs that nobody here
//! wrote: one member, with the right sum and length.

use std::process::Command;

use servicecatalog_exporter::model::PerInstance;
use servicecatalog_exporter::sim::{ACCOUNT, REGION, World};

use crate::support::foreign::{python, run};
use crate::support::{Rig, http};

/// Up to this size the plain text is kept; above, it is inflated for who asks for it.
const KEPT: u64 = 8 * 1024 * 1024;

/// Reads one member with zlib and all of them with the gzip module, says how long the text is
/// and what its checksum is.
const READ: &str = "
import gzip, sys, zlib
data = sys.stdin.buffer.read()
member = zlib.decompressobj(wbits=31)
text = member.decompress(data)
assert member.eof, 'the member does not end'
assert not member.unused_data, 'something follows the member'
assert gzip.decompress(data) == text
print(len(text), zlib.crc32(text))
";

/// The answer as it is on the wire.
async fn asked(rig: &Rig, encoding: &str) -> Vec<u8> {
    let answer = http::get(rig.address, "/metrics", &[("Accept-Encoding", encoding)]).await;
    let encoded = (encoding == "gzip").then_some("gzip");
    assert_eq!((answer.status, answer.header("Content-Encoding")), (200, encoded));
    let announced: usize = answer.header("Content-Length").unwrap().parse().unwrap();
    assert_eq!(answer.body.len(), announced);
    answer.body
}

async fn assert_both_read_it(rig: &Rig) {
    let compressed = asked(rig, "gzip").await;
    let text = {
        use std::io::Read as _;
        let mut text = Vec::new();
        flate2::read::GzDecoder::new(&*compressed).read_to_end(&mut text).unwrap();
        text
    };
    // The daemon's own families behind it may have moved between the two answers.
    let body = usize::try_from(rig.reader.latest().exposition.plain_len()).unwrap();
    let plain = asked(rig, "identity").await;
    assert!(plain[..body] == text[..body], "gzip holds another text than the plain answer");

    let mut gzip = Command::new("gzip");
    gzip.args(["--test", "--verbose"]);
    let ran = run(gzip, compressed.clone()).await;
    assert!(ran.status.success() && ran.stderr.contains("OK"), "gzip says {ran:?}");

    let mut reader = python();
    reader.args(["-c", READ]);
    let ran = run(reader, compressed).await;
    assert!(ran.status.success(), "Python says {}", ran.stderr);
    let mut crc = flate2::Crc::new();
    crc.update(&text);
    assert_eq!(ran.stdout, format!("{} {}\n", text.len(), crc.sum()));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs gzip and Python"]
async fn others_read_the_compressed_answer() {
    let rig = Rig::new(World::demo(1, 1_780_000_000)).await;
    // Nothing but the tail yet.
    assert_both_read_it(&rig).await;
    rig.scan().await;
    assert_both_read_it(&rig).await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs gzip and Python"]
async fn others_read_a_compressed_answer_whose_plain_text_is_not_kept() {
    let mut world = World::sized(2_000, 20, 300);
    for product in world.catalog_mut(ACCOUNT, REGION).products_mut() {
        // The longest name that Service Catalog takes.
        let name = format!("{:x<128}", product.name.as_deref().unwrap());
        *product = std::mem::take(product).named(name);
    }
    let rig = Rig::with(world, |config| {
        config.metrics.per_instance = PerInstance::All;
        config.metrics.max_instance_series = usize::MAX;
    })
    .await;
    rig.scan().await;
    let length = rig.reader.latest().exposition.plain_len();
    assert!(length > KEPT, "only {length} bytes");
    assert_both_read_it(&rig).await;
    rig.stop().await;
}
