//! Debian's PostgreSQL 15 for one test: its own cluster in its own folder, a synchronous standby if wanted, and a wire that
//! can be cut.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const BIN: &str = "/usr/lib/postgresql/15/bin";
const READY_TIMEOUT: Duration = Duration::from_secs(30);

pub struct Postgres {
    folder: PathBuf,
    pub port: u16,
    child: Option<Child>,
}

/// PostgreSQL does not run as root: then it runs as the user that Debian's package makes.
fn command(program: &str) -> Command {
    let mut command = Command::new(Path::new(BIN).join(program));
    if let Some((user, group)) = postgres_user() {
        command.uid(user).gid(group);
    }
    command.current_dir("/").env("LC_ALL", "C").stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn postgres_user() -> Option<(u32, u32)> {
    let own = Command::new("id").arg("-u").output().expect("id runs");
    if own.stdout.trim_ascii() != b"0" {
        return None;
    }
    let number = |flag: &str| {
        let output = Command::new("id").args([flag, "postgres"]).output().expect("id runs");
        String::from_utf8_lossy(&output.stdout).trim().parse().expect("Debian's package makes the user postgres")
    };
    Some((number("-u"), number("-g")))
}

fn run(command: &mut Command) {
    let status = command.status().expect("PostgreSQL 15 is installed by `make test`");
    assert!(status.success(), "{command:?} ended with {status}");
}

impl Postgres {
    /// A new cluster that listens on the port.
    pub fn start(folder: &Path, port: u16) -> Postgres {
        let folder = own_folder(folder, "primary");
        run(command("initdb").args(["-D", &folder.display().to_string(), "-U", "huitong", "-A", "trust"]));
        let settings = format!(
            "port = {port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\nfsync = on\n\
             wal_keep_size = 256\nmax_connections = 60\n"
        );
        append(&folder.join("postgresql.conf"), &settings);
        let mut postgres = Postgres { folder, port, child: None };
        postgres.restart();
        postgres
    }

    /// A synchronous standby: from now on no commit is acknowledged that it does not have.
    pub fn standby(&self, folder: &Path, port: u16) -> Postgres {
        let folder = own_folder(folder, "standby");
        let target = folder.display().to_string();
        let source = format!("host=127.0.0.1 port={} user=huitong application_name=standby", self.port);
        run(command("pg_basebackup").args(["-D", &target, "-d", &source, "-R", "-c", "fast"]));
        append(&folder.join("postgresql.conf"), &format!("port = {port}\n"));
        let mut standby = Postgres { folder, port, child: None };
        standby.restart();
        self.sql("ALTER SYSTEM SET synchronous_standby_names = 'standby'");
        self.sql("SELECT pg_reload_conf()");
        let deadline = Instant::now() + READY_TIMEOUT;
        while self.sql("SELECT sync_state FROM pg_stat_replication").trim() != "sync" {
            assert!(Instant::now() < deadline, "the standby becomes synchronous");
            std::thread::sleep(Duration::from_millis(50));
        }
        standby
    }

    /// From now on the server speaks TLS only, with a certificate for this machine's own address; gives the certificate.
    pub fn require_tls(&mut self) -> String {
        let certified = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).expect("a certificate");
        let (certificate, key) = (certified.cert.pem(), certified.signing_key.serialize_pem());
        for (file, text) in [("server.crt", &certificate), ("server.key", &key)] {
            let path = self.folder.join(file);
            std::fs::write(&path, text).expect("writable");
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
            std::fs::set_permissions(&path, mode).expect("our own file");
            if let Some((user, group)) = postgres_user() {
                std::os::unix::fs::chown(&path, Some(user), Some(group)).expect("root may");
            }
        }
        append(&self.folder.join("postgresql.conf"), "ssl = on\n");
        let rules = "hostssl all all 127.0.0.1/32 trust\n";
        std::fs::write(self.folder.join("pg_hba.conf"), rules).expect("writable");
        self.kill();
        self.restart();
        certificate
    }

    /// Starts the server (again) and waits until it answers.
    pub fn restart(&mut self) {
        let child = command("postgres").args(["-D", &self.folder.display().to_string()]).process_group(0).spawn();
        self.child = Some(child.expect("PostgreSQL starts"));
        let deadline = Instant::now() + READY_TIMEOUT;
        let port = self.port.to_string();
        while !command("pg_isready").args(["-q", "-h", "127.0.0.1", "-p", &port]).status().is_ok_and(|s| s.success()) {
            assert!(Instant::now() < deadline, "PostgreSQL answers on {port}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// kill -9 of the postmaster and all its children.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = Command::new("kill").args(["-9", "--", &format!("-{}", child.id())]).status();
            let _ = Command::new("pkill").args(["-9", "-P", &child.id().to_string()]).status();
            let _ = child.wait();
            // Its children are sessions of their own; they end when they see that the postmaster is gone.
            std::thread::sleep(Duration::from_millis(300));
        }
    }

    /// Makes a standby the primary.
    pub fn promote(&self) {
        assert_eq!(self.sql("SELECT pg_promote()").trim(), "t");
    }

    /// Runs one statement; gives what psql prints.
    pub fn sql(&self, statement: &str) -> String {
        let port = self.port.to_string();
        let output = Command::new("psql")
            .args(["-h", "127.0.0.1", "-p", &port, "-U", "huitong", "-d", "postgres", "-tA", "-c", statement])
            .output()
            .expect("psql runs");
        assert!(output.status.success(), "{statement}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    pub fn url(&self) -> String {
        format!("postgres://huitong@127.0.0.1:{}/postgres", self.port)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A folder that PostgreSQL's user owns.
fn own_folder(parent: &Path, name: &str) -> PathBuf {
    let folder = parent.join(name);
    std::fs::create_dir_all(&folder).expect("writable");
    if let Some((user, group)) = postgres_user() {
        std::os::unix::fs::chown(&folder, Some(user), Some(group)).expect("root may");
        // The way there must be open to that user.
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(parent, mode).expect("our own folder");
    }
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    std::fs::set_permissions(&folder, mode).expect("our own folder");
    folder
}

fn append(path: &Path, text: &str) {
    let mut file = std::fs::OpenOptions::new().append(true).open(path).expect("the cluster has it");
    file.write_all(text.as_bytes()).expect("writable");
}

/// A wire between a member and its database: while it is cut, nothing comes through, and nobody is told.
pub struct Wire {
    pub port: u16,
    cut: Arc<AtomicBool>,
}

impl Wire {
    pub fn new(port: u16, to: u16) -> Wire {
        let listener = TcpListener::bind(("127.0.0.1", port)).expect("the port is free");
        let cut = Arc::new(AtomicBool::new(false));
        let state = Arc::clone(&cut);
        std::thread::spawn(move || {
            for incoming in listener.incoming().flatten() {
                if let Ok(outgoing) = TcpStream::connect(("127.0.0.1", to)) {
                    let pair = (incoming.try_clone(), outgoing.try_clone());
                    if let (Ok(back_to), Ok(back_from)) = pair {
                        pass(incoming, outgoing, Arc::clone(&state));
                        pass(back_from, back_to, Arc::clone(&state));
                    }
                }
            }
        });
        Wire { port, cut }
    }

    pub fn cut(&self, cut: bool) {
        self.cut.store(cut, Ordering::SeqCst);
    }
}

/// Carries bytes one way; while the wire is cut they wait, as in a network that drops packets.
fn pass(mut from: TcpStream, mut to: TcpStream, cut: Arc<AtomicBool>) {
    std::thread::spawn(move || {
        let mut buffer = [0; 65_536];
        while let Ok(count) = from.read(&mut buffer) {
            if count == 0 {
                break;
            }
            while cut.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(10));
            }
            if to.write_all(&buffer[..count]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(std::net::Shutdown::Both);
    });
}
