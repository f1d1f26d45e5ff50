//! What a request would do is asked of the servers of its environment side by side.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;

use rolecall_core::secret::Secret;
use rolecall_engine::postgres::Target;
use tokio::net::{TcpListener, UnixStream};
use tokio::sync::Barrier;

use crate::company::Company;

const SERVERS: usize = 3;

/// Another address of the server, whose first session comes about when one has been begun at all addresses.
async fn address(socket: PathBuf, all: Arc<Barrier>) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let mut first = Some(all);
        while let Ok((mut client, _)) = listener.accept().await {
            let (wait, socket) = (first.take(), socket.clone());
            tokio::spawn(async move {
                if let Some(all) = wait {
                    all.wait().await;
                }
                let mut server = UnixStream::connect(socket).await?;
                tokio::io::copy_bidirectional(&mut client, &mut server).await
            });
        }
    });
    port
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_server_of_an_environment_waits_for_the_others() {
    let company = Company::new().await;
    let own = Target::parse(&Secret::new(company.server.url("postgres", "postgres"))).unwrap().address();
    let socket = PathBuf::from(&own.host).join(format!(".s.PGSQL.{}", own.port));
    let (all, mut servers) = (Arc::new(Barrier::new(SERVERS)), String::new());
    for number in 0..SERVERS {
        let port = address(socket.clone(), Arc::clone(&all)).await;
        let url = format!("postgres://postgres@127.0.0.1:{port}/postgres?sslmode=disable");
        let file = company.file(&format!("url{number}"), &url);
        servers.push_str(&format!("server{number}: {{ url: '${{file:{file}}}', databases: [app] }}, "));
    }
    let office = company.office_with("servers: { main: {", &format!("servers: {{ {servers} main: {{")).await;
    let asked = office.request(&company.person("bob"), company.draft("bob", "42"), None).await;
    assert!(asked.is_ok(), "{:?}", asked.err());
}
