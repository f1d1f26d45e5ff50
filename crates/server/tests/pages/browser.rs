//! A real browser: Chromium without a window, spoken to by its own protocol.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tungstenite::stream::MaybeTlsStream;
use tungstenite::{Message, WebSocket, connect};

/// Where Chromium is on Debian, if nobody says.
const USUAL: &str = "/usr/bin/chromium";

pub struct Browser {
    child: Child,
    socket: WebSocket<MaybeTlsStream<TcpStream>>,
    session: String,
    next: u64,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// None, with a word why: there is no Chromium here.
    pub fn open() -> Option<Self> {
        let named = std::env::var("ROLECALL_CHROMIUM").ok();
        let path = named.clone().unwrap_or_else(|| USUAL.to_owned());
        if !std::path::Path::new(&path).exists() {
            assert!(named.is_none(), "ROLECALL_CHROMIUM says {path}, and it is not there");
            eprintln!("SKIPPED: there is no {path}; install Debian's chromium, or set ROLECALL_CHROMIUM");
            return None;
        }
        let profile = tempfile::tempdir().unwrap();
        let mut child = Command::new(path)
            .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"])
            .args(["--no-first-run", "--disable-extensions", "--disable-background-networking", "--disable-sync"])
            .args(["--remote-debugging-port=0", "--window-size=1440,900", "about:blank"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            // What it leaves lying about goes with the profile.
            .env("TMPDIR", profile.path())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let listening = "DevTools listening on ";
        let address = lines.by_ref().find_map(|line| Some(line.ok()?.strip_prefix(listening)?.to_owned()));
        let address = address.unwrap_or_else(|| panic!("Chromium says no address"));
        // A pipe that nobody reads would fill up and stop it.
        std::thread::spawn(move || lines.for_each(drop));
        let (socket, _) = connect(address).unwrap();
        let mut browser = Self { child, socket, session: String::new(), next: 0, _profile: profile };
        let target = browser.call("Target.createTarget", json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        browser.session = browser.call("Target.attachToTarget", attach)["sessionId"].as_str().unwrap().to_owned();
        browser.call("Page.enable", json!({}));
        browser.call("Runtime.enable", json!({}));
        Some(browser)
    }

    /// Says something to Chromium and waits for the answer.
    fn call(&mut self, method: &str, params: Value) -> Value {
        self.next += 1;
        let mut message = json!({ "id": self.next, "method": method, "params": params });
        if !self.session.is_empty() {
            message["sessionId"] = self.session.clone().into();
        }
        self.socket.send(Message::text(message.to_string())).unwrap();
        let id = self.next;
        let answer = self.wait(|said| said["id"] == id);
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    fn wait(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let Message::Text(text) = self.socket.read().unwrap() else { continue };
            let said: Value = serde_json::from_str(&text).unwrap();
            if wanted(&said) {
                return said;
            }
        }
    }

    /// Goes to a page and waits until it is there.
    pub fn visit(&mut self, address: &str) {
        self.call("Page.navigate", json!({ "url": address }));
        for _ in 0..600 {
            if self.run("document.readyState === 'complete' && location.href !== 'about:blank'") == true {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        panic!("{address} does not load");
    }

    /// The cookie of somebody who signed in.
    pub fn cookie(&mut self, address: &str, cookie: &str) {
        let (name, value) = cookie.split_once('=').unwrap();
        let cookie = json!({ "name": name, "value": value, "url": address, "httpOnly": true, "sameSite": "Lax" });
        self.call("Network.setCookie", cookie);
    }

    /// What a piece of script comes to; it may be a promise.
    pub fn run(&mut self, script: &str) -> Value {
        let params = json!({ "expression": script, "awaitPromise": true, "returnByValue": true });
        let answer = self.call("Runtime.evaluate", params);
        assert!(answer.get("exceptionDetails").is_none(), "{script:.200}: {answer}");
        answer["result"]["value"].clone()
    }

    /// Light or dark, and how wide.
    pub fn look(&mut self, dark: bool, width: u32, height: u32) {
        let scheme = if dark { "dark" } else { "light" };
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.call("Emulation.setEmulatedMedia", json!({ "features": features }));
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500 });
        self.call("Emulation.setDeviceMetricsOverride", size);
    }

    /// Presses a key.
    pub fn press(&mut self, key: &str, code: u32) {
        for kind in ["keyDown", "keyUp"] {
            let mut params = json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code });
            if key == "Enter" {
                params["text"] = "\r".into();
            }
            self.call("Input.dispatchKeyEvent", params);
        }
    }

    /// The whole page as a picture (PNG in base64).
    pub fn picture(&mut self) -> String {
        let params = json!({ "format": "png", "captureBeyondViewport": true });
        self.call("Page.captureScreenshot", params)["data"].as_str().unwrap().to_owned()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
