//! The nodes of a region as child processes of this one.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::process::{Child, Command};

/// How long a node may take to become ready: a large journal is read at the start.
const READY_TIMEOUT: Duration = Duration::from_secs(60);
/// How long a node may take to end in an orderly way.
const STOP_TIMEOUT: Duration = Duration::from_secs(15);

/// One node's process.
pub struct NodeProcess {
    pub config: PathBuf,
    pub api_url: String,
    pub log: PathBuf,
    child: Child,
}

impl NodeProcess {
    /// Starts `huitong node --config …` with its log in `node.log` beside the configuration.
    pub fn start(config: &Path, api_url: &str) -> anyhow::Result<NodeProcess> {
        let log = config.with_file_name("node.log");
        let file = std::fs::OpenOptions::new().create(true).append(true).open(&log)?;
        let program = std::env::var_os("HUITONG_PROGRAM").map_or_else(std::env::current_exe, |path| Ok(path.into()))?;
        let child = Command::new(program)
            .arg("node")
            .arg("--config")
            .arg(config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(file)
            // The terminal's Ctrl-C is for this process, which then ends the nodes in order.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .context("cannot start a node process")?;
        Ok(NodeProcess { config: config.to_owned(), api_url: api_url.to_owned(), log, child })
    }

    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Waits until the node serves; its log's end is told if it does not.
    pub async fn ready(&mut self) -> anyhow::Result<()> {
        let client = crate::tls::http_client().build()?;
        let url = format!("{}/health/ready", self.api_url);
        let deadline = tokio::time::Instant::now() + READY_TIMEOUT;
        while tokio::time::Instant::now() < deadline {
            if let Some(status) = self.child.try_wait()? {
                bail!("the node {} ended with {status}:\n{}", self.config.display(), self.log_end());
            }
            if client.get(&url).send().await.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!("the node {} is not ready after a minute:\n{}", self.config.display(), self.log_end())
    }

    fn log_end(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(10)..].join("\n")
    }

    async fn signal(&self, signal: &str) -> anyhow::Result<()> {
        if let Some(id) = self.child.id() {
            // Only this child, by its id.
            Command::new("kill").arg(signal).arg(id.to_string()).status().await?;
        }
        Ok(())
    }

    /// Makes the node stand still as a machine that hangs: it keeps its connections and answers nothing.
    pub async fn pause(&self) -> anyhow::Result<()> {
        self.signal("-STOP").await
    }

    /// Lets a node that stands still go on.
    pub async fn resume(&self) -> anyhow::Result<()> {
        self.signal("-CONT").await
    }

    /// Asks the node to end and waits; a node that does not is killed.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.signal("-TERM").await?;
        match tokio::time::timeout(STOP_TIMEOUT, self.child.wait()).await {
            Ok(status) if status.as_ref().is_ok_and(std::process::ExitStatus::success) => Ok(()),
            Ok(status) => bail!("the node {} ended with {}:\n{}", self.config.display(), status?, self.log_end()),
            Err(_) => {
                self.child.kill().await?;
                bail!("the node {} did not end in time and was killed", self.config.display())
            }
        }
    }

    /// Kills the node at once, as a power cut would.
    pub async fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill().await?;
        Ok(())
    }

    /// Whether the node has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }
}
