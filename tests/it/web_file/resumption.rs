//! A session that is resumed was made by the rules that count now.

use super::demo::Demo;
use super::*;
use crate::support::https::Offer;
use crate::support::pki::dns;

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_no_longer_allowed_cannot_resume_a_session() {
    let folder = Folder::new();
    let web = |allowed: &str| {
        format!(
            "tls_server_config: {{{FILES}, client_auth_type: RequireAndVerifyClientCert, \
             client_ca_file: ca.crt, client_allowed_sans: [{allowed}]}}\n"
        )
    };
    let demo = Demo::start(&folder, &web("one, two")).await;
    let (one, two) =
        (folder.authority.client(&[dns("one")]), folder.authority.client(&[dns("two")]));
    let mut clients = Vec::new();
    for version in rustls::ALL_VERSIONS {
        for identity in [&one, &two] {
            let offer = Offer::to(&folder.authority).of(Some(identity));
            let client = Offer { versions: &[version], ..offer }.client();
            let first = client.get(demo.address, "/", &[]).await.unwrap();
            let second = client.get(demo.address, "/", &[]).await.unwrap();
            assert_eq!((first.is_resumed, second.is_resumed), (false, true), "{version:?}");
            clients.push((client, std::ptr::eq(identity, &one), version));
        }
    }
    folder.write("web.yml", &web("two"));
    demo.program.signal("HUP");
    demo.program.logs("the web file was read again").await;
    for (client, is_one, version) in clients {
        let got = client.get(demo.address, "/", &[]).await;
        match is_one {
            true => assert!(got.unwrap_err().contains("BadCertificate"), "{version:?}"),
            false => assert!(!got.unwrap().is_resumed, "{version:?}: a new file, a new session"),
        }
    }
}
