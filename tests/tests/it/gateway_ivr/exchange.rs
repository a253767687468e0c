//! An Asterisk of its own with the dial plan of `deploy/ivr`, and calls through it. Nothing is heard but what the voice script writes down.
//!
//! Runs where an `asterisk` is found: on the PATH, or below the folder that `VENTANILLA_ASTERISK` names (a system installed into a folder, with its own
//! libraries). `VENTANILLA_ASTERISK=required` makes a missing one a failure.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};

const LIMIT: Duration = Duration::from_secs(30);
const MODULES: &str = "usr/lib/x86_64-linux-gnu/asterisk/modules";
const LOADED: [&str; 21] = [
    "pbx_config",
    "res_agi",
    "res_speech",
    "res_curl",
    "res_clioriginate",
    "res_timing_timerfd",
    "func_curl",
    "func_json",
    "func_strings",
    "func_uri",
    "func_logic",
    "func_dialplan",
    "func_callerid",
    "func_env",
    "app_read",
    "app_exec",
    "app_stack",
    "app_senddtmf",
    "app_record",
    "format_wav",
    "codec_ulaw",
];

/// The queues that have an extension at an exchange when it starts.
const QUEUES: [&str; 2] = ["billing", "customer-service"];

/// Where an Asterisk is.
pub struct Exchange {
    /// The folder it is installed below: `/` for the system's own.
    root: PathBuf,
}

/// A call: from whom, and what is pressed, each when the exchange has asked for something.
pub struct Call {
    /// The number that calls.
    pub from: String,
    /// What is pressed.
    pub presses: Vec<String>,
}

/// An Asterisk that runs.
pub struct Running {
    root: PathBuf,
    home: PathBuf,
    process: Child,
}

impl Exchange {
    /// The Asterisk of this machine; none, with a word about it, when there is none and none is required.
    pub fn found() -> Option<Self> {
        let named = std::env::var("VENTANILLA_ASTERISK").unwrap_or_default();
        let root = if Path::new(&named).is_absolute() { PathBuf::from(&named) } else { PathBuf::from("/") };
        if root.join("usr/sbin/asterisk").exists() && root.join(MODULES).join("func_curl.so").exists() {
            return Some(Self { root });
        }
        assert!(
            named.is_empty(),
            "VENTANILLA_ASTERISK={named}, and no asterisk with func_curl is below {}",
            root.display()
        );
        eprintln!("skipped: no asterisk on this machine (deploy/ivr/README.md says how to get one)");
        None
    }

    /// Starts it with the house's dial plan, in front of this gateway.
    pub async fn start(self, gateway: SocketAddr, token: &str) -> Running {
        let name = format!("ventanilla-asterisk-{}", std::process::id());
        let home = std::env::temp_dir().join(name);
        let _ = std::fs::remove_dir_all(&home);
        for folder in ["etc", "run", "var", "log", "spool/monitor", "agi"] {
            std::fs::create_dir_all(home.join(folder)).expect("a folder of its own");
        }
        self.configure(&home, gateway, token);
        let mut command = asterisk(&self.root, &home);
        let process = command.arg("-f").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = process.kill_on_drop(true).spawn().expect("asterisk starts");
        let running = Running { root: self.root, home, process };
        testkit::eventually(LIMIT, || async {
            let told = running.console("core waitfullybooted").await;
            if told.contains("fully booted") { Ok(()) } else { Err(told) }
        })
        .await;
        running
    }

    fn configure(&self, home: &Path, gateway: SocketAddr, token: &str) {
        let write = |path: &str, text: String| std::fs::write(home.join(path), text).expect("its folder takes files");
        let at = |folder: &str| home.join(folder).display().to_string();
        write(
            "etc/asterisk.conf",
            format!(
                "[directories]\nastetcdir => {}\nastmoddir => {}\nastvarlibdir => {}\nastdbdir => {}\nastkeydir => {}\n\
                 astdatadir => {}\nastagidir => {}\nastspooldir => {}\nastrundir => {}\nastlogdir => {}\n",
                at("etc"),
                self.root.join(MODULES).display(),
                at("var"),
                at("run"),
                at("var"),
                self.root.join("usr/share/asterisk").display(),
                at("agi"),
                at("spool"),
                at("run"),
                at("log"),
            ),
        );
        let modules: String = LOADED.iter().map(|module| format!("load={module}.so\n")).collect();
        write("etc/modules.conf", format!("[modules]\nautoload=no\n{modules}"));
        write("etc/logger.conf", "[general]\n[logfiles]\n".to_owned());
        write("etc/indications.conf", "[general]\n[es]\ndescription=es\n".to_owned());
        write("etc/ventanilla.conf", plan());
        write("etc/queues.conf", answered(&QUEUES));
        write(
            "etc/extensions.conf",
            format!(
                "[globals]\n#include ventanilla.conf\n[globals](+)\nVENTANILLA_URL=http://{gateway}\nVENTANILLA_TOKEN={token}\n\
                 [ventanilla-queues]\n#include queues.conf\n#include calls.conf\n"
            ),
        );
        write("etc/calls.conf", String::new());
        write(
            "agi/ventanilla-voice",
            format!(
                "#!/bin/sh\nwhile read -r line; do\n  [ -z \"$line\" ] && break\n  case \"$line\" in agi_arg_1:*) said=\"${{line#agi_arg_1: }}\" ;; esac\n\
                 done\necho \"$said\" >> {}\n",
                home.join("said").display()
            ),
        );
        let script = home.join("agi/ventanilla-voice");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(script, mode).expect("it is made a program");
    }
}

/// Extensions of these queues, each by its name and no pattern: a call for another is answered by nobody.
fn answered(queues: &[&str]) -> String {
    let answered = |queue: &&str| {
        format!(
            "exten => {queue},1,Set(VT_SAY=QUEUE ${{EXTEN}})\n same => n,Gosub(ventanilla-voice,s,1)\n same => n,Hangup()\n"
        )
    };
    queues.iter().map(answered).collect()
}

/// The house's dial plan.
pub fn plan() -> String {
    let plan = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/ivr/extensions.conf");
    std::fs::read_to_string(plan).expect("the dial plan is there")
}

/// Asterisk with this home. One that is installed into a folder is started with the libraries it came with.
fn asterisk(root: &Path, home: &Path) -> Command {
    let program = root.join("usr/sbin/asterisk");
    let mut command = if root == Path::new("/") {
        Command::new(program)
    } else {
        let mut loader = Command::new(root.join("lib64/ld-linux-x86-64.so.2"));
        loader.arg("--library-path").arg(root.join("usr/lib/x86_64-linux-gnu")).arg(program);
        loader
    };
    command.arg("-C").arg(home.join("etc/asterisk.conf"));
    command
}

impl Running {
    async fn console(&self, words: &str) -> String {
        let answer = asterisk(&self.root, &self.home).arg("-rx").arg(words).output().await.expect("asterisk runs");
        String::from_utf8_lossy(&answer.stdout).into_owned() + &String::from_utf8_lossy(&answer.stderr)
    }

    fn said(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.home.join("said")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Which Asterisk it is.
    pub async fn version(&self) -> String {
        self.console("core show version").await.lines().next().unwrap_or_default().to_owned()
    }

    /// From the next call on these queues have an extension, and no others.
    pub fn answers(&self, queues: &[&str]) {
        std::fs::write(self.home.join("etc/queues.conf"), answered(queues)).expect("its folder takes files");
    }

    /// Makes a call and answers what was said in it, until a queue took it.
    pub async fn call(&self, call: &Call) -> Vec<String> {
        let before = self.said().len();
        // The caller presses when the exchange listens: half a second after it asked, as people do.
        let presses: String = call
            .presses
            .iter()
            .map(|keys| format!(" same => n,Wait(1.5)\n same => n,SendDTMF({keys},60,60)\n"))
            .collect();
        let plan = format!(
            "[calls-in]\nexten => _X!,1,Set(CALLERID(num)={})\n same => n,Goto(ventanilla,900100200,1)\n\
             [caller]\nexten => s,1,NoOp()\n{presses} same => n,Wait(20)\n same => n,Hangup()\n",
            call.from
        );
        std::fs::write(self.home.join("etc/calls.conf"), plan).expect("its folder takes files");
        self.console("dialplan reload").await;
        self.console("channel originate Local/900100200@calls-in extension s@caller").await;
        testkit::eventually(LIMIT, || async {
            let heard = self.said().split_off(before);
            let taken = heard.iter().any(|line| line.starts_with("QUEUE "));
            if taken { Ok(heard) } else { Err(heard) }
        })
        .await
    }

    /// Ends it.
    pub async fn stop(mut self) {
        self.console("core stop now").await;
        let _ = self.process.kill().await;
        let _ = std::fs::remove_dir_all(&self.home);
    }
}
