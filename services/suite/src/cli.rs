//! What may be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use customer_profile_domain::matching::EXPECTED_RECORDS;
use jiff::Timestamp;
use kernel::{Department, Role};
use sla_monitor::recompute::Abandoned;

/// One customer view for every department, and law that keeps itself.
///
/// Without a command it starts the suite: a private Postgres, the services and the window before them in one process, and
/// a token for every role. Ctrl-C ends it; the data stays.
#[derive(Debug, Parser)]
#[command(name = "ventanilla", version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// What to do; `up` when left out.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Flags of `up`, when no command is given.
    #[command(flatten)]
    pub up: Up,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start the suite and keep it running until Ctrl-C.
    Up(Up),
    /// Print a token signed with the data folder's key, valid for 12 hours.
    Token(Token),
    /// Make a new key for what the ombudsman's office deliberates; the ones before it stay until nothing is closed under them.
    RotateOfficeKey(Data),
    /// Make a new key for what is signed: checkpoints of ledgers, receipts, decisions. The one before it hands over at the next start.
    RotateSigningKey(Data),
    /// Print the public key of a signing key, as `former_signing_keys` and `--key` take it.
    PublicKey(SigningKey),
    /// Print the secret of customers' proofs that belongs to ticketing's first signing key: its `service.proof_key` once that key is changed.
    ProofKey(SigningKey),
    /// Play one affair from the first call to the ombudsman's decision and print its journey.
    Demo(Demo),
    /// Load an event log (CSV with CaseID, ActivityID, CompleteTimestamp) and print the board.
    Import(Import),
    /// Look at a deployment of separate processes, and say what is wrong and what cures it.
    Doctor(Doctor),
    /// Rehearse the loss of the database: back up under load, destroy, restore to an instant, hold all against what was kept outside.
    RestoreDrill(RestoreDrill),
    /// Check the ledgers against their chains and signed checkpoints.
    Verify(Verify),
    /// Check the signed text of a receipt, as it is attached to its PDF, against the house's public key.
    VerifyReceipt(VerifyReceipt),
    /// Check the signed text of an ombudsman's decision, of a correction or of an acknowledgement, as it is attached to its PDF, against the house's public key.
    VerifyDecision(VerifyDecision),
    /// Check the dossier of a case that somebody took away, whole or redacted, and name the first altered entry.
    VerifyDossier(VerifyDossier),
    /// Write one ledger as JSON lines, for `verify --export` elsewhere.
    Export(Export),
    /// Count the parameters of the service (Ley 10/2025, arts. 21 and 22) once more, from exported ledgers alone.
    Recompute(Recompute),
    /// Hold the matching rules against files of people of whom it is known who is who.
    EvaluateMatching(EvaluateMatching),
    /// Learn the weights of the matching rules from files of people, of whom nobody need know who is who.
    EstimateMatching(EstimateMatching),
}

/// The data folder.
#[derive(Debug, Clone, Default, Args)]
pub struct Data {
    /// Data folder [default: $VENTANILLA_DATA, else the account's own data folder].
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

/// `public-key` and `proof-key`.
#[derive(Debug, Args)]
pub struct SigningKey {
    /// Ed25519 private key in PKCS#8, as `signing_key_file` names it.
    #[arg(value_name = "FILE.pem")]
    pub file: PathBuf,
}

/// `up`.
#[derive(Debug, Clone, Args)]
pub struct Up {
    /// Print exactly one JSON line on standard output once ready; everything for people goes to standard error.
    #[arg(long)]
    pub json: bool,
    /// Where the data is.
    #[command(flatten)]
    pub data: Data,
    /// First of six ports in a row on the loopback interface, the window's; 0 takes free ones.
    #[arg(long, value_name = "N", default_value_t = 7100, value_parser = clap::value_parser!(u16).range(..=65530))]
    pub port_base: u16,
    /// Collector that takes traces and metrics by OTLP over gRPC, e.g. http://127.0.0.1:4317.
    #[arg(long, value_name = "URL")]
    pub otlp: Option<String>,
}

/// `token`.
#[derive(Debug, Args)]
pub struct Token {
    /// Role the token gives.
    #[arg(long, value_parser = role)]
    pub role: Role,
    /// Who it names [default: local-ROLE].
    #[arg(long)]
    pub subject: Option<String>,
    /// Department the subject works for.
    #[arg(long, value_parser = department)]
    pub department: Option<Department>,
    /// Where the key is.
    #[command(flatten)]
    pub data: Data,
}

/// `demo`.
#[derive(Debug, Args)]
pub struct Demo {
    /// Folder of the suite to play on; a throwaway one is started when none runs there.
    #[command(flatten)]
    pub data: Data,
    /// Collector that takes traces by OTLP over gRPC, when a suite is started.
    #[arg(long, value_name = "URL")]
    pub otlp: Option<String>,
}

/// `import`.
#[derive(Debug, Args)]
pub struct Import {
    /// The event log.
    #[arg(value_name = "FILE.csv")]
    pub file: PathBuf,
    /// Print exactly one JSON object on standard output.
    #[arg(long)]
    pub json: bool,
    /// Groups of a hundred cases loaded at the same time.
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=16))]
    pub concurrency: u16,
    /// Folder of the suite to load into; it is started for the time of the load when it does not run.
    #[command(flatten)]
    pub data: Data,
}

/// `doctor`.
#[derive(Debug, Args)]
pub struct Doctor {
    /// Settings of processes, each named as its process (ticketing.toml), or a folder that holds them. What stands beside a file as NAME.env
    /// goes over it, as systemd gives it to the process; of a single file the environment (VENTANILLA__SECTION__KEY) does too.
    #[arg(required = true, value_name = "FILE|DIR")]
    pub settings: Vec<PathBuf>,
    /// Address of the database for its owner or an administrator, by which migrations are looked at.
    #[arg(long, value_name = "URL", env = "VENTANILLA_ADMIN_URL", hide_env_values = true)]
    pub admin_url: Option<String>,
    /// How many of each process share the database.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub replicas: u32,
    /// Entries of each ledger that are checked, from its end.
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(i64).range(1..))]
    pub entries: i64,
    /// Percent of a disk that should be free.
    #[arg(long, value_name = "PERCENT", default_value_t = 10, value_parser = clap::value_parser!(u8).range(0..=100))]
    pub least_free: u8,
    /// Judge dates of tokens and data as on another day, to look ahead, e.g. 2027-01-15T00:00:00Z.
    #[arg(long, value_name = "INSTANT")]
    pub at: Option<jiff::Timestamp>,
    /// Print exactly one JSON object on standard output.
    #[arg(long)]
    pub json: bool,
}

/// `restore-drill`.
#[derive(Debug, Args)]
pub struct RestoreDrill {
    /// New or empty folder for everything, kept afterwards [default: one among the temporary ones, deleted when the drill holds].
    #[arg(long, value_name = "DIR")]
    pub folder: Option<PathBuf>,
    /// Seconds of load before the point that is gone back to.
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub seconds: u64,
    /// Seconds of load after it.
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub after: u64,
    /// Clients that write.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub clients: u16,
    /// Lose the journal of erasures too, to see what that costs: the drill must fail.
    #[arg(long)]
    pub without_erasure_journal: bool,
    /// Print exactly one JSON object on standard output.
    #[arg(long)]
    pub json: bool,
}

/// `verify-receipt`.
#[derive(Debug, Args)]
pub struct VerifyReceipt {
    /// The signed text.
    #[arg(value_name = "FILE.txt")]
    pub file: PathBuf,
    /// Public key: 64 hex digits, or a file that holds one or several; may be given again, for the keys before it. `ventanilla verify` prints
    /// those of a data folder.
    #[arg(long, value_name = "KEY", required = true)]
    pub key: Vec<String>,
}

/// `verify-decision`.
#[derive(Debug, Args)]
pub struct VerifyDecision {
    /// The signed text.
    #[arg(value_name = "FILE.txt")]
    pub file: PathBuf,
    /// Public key: 64 hex digits, or a file that holds one or several; may be given again, for the keys before it. `ventanilla verify` prints
    /// those of a data folder.
    #[arg(long, value_name = "KEY", required = true)]
    pub key: Vec<String>,
}

/// `verify-dossier`.
#[derive(Debug, Args)]
pub struct VerifyDossier {
    /// The dossier as JSON, as `GET /v1/cases/{case}:exportDossier` gives it.
    #[arg(value_name = "FILE.json")]
    pub file: PathBuf,
    /// Hash of the last entry, 64 hex digits, from elsewhere than the file: the ledger of the office has it.
    #[arg(long, value_name = "HASH")]
    pub head: Option<String>,
    /// Public key of the office, 64 hex digits or a file that holds one or several: decisions, corrections and acknowledgements in the dossier
    /// are held against it. May be given again, for the keys before it.
    #[arg(long, value_name = "KEY")]
    pub key: Vec<String>,
}

/// `evaluate-matching`.
#[derive(Debug, Args)]
pub struct EvaluateMatching {
    /// One CSV file with duplicates, or several to link across. `rec_id` says who is who, by its first number.
    #[arg(required = true, value_name = "FILE.csv")]
    pub files: Vec<PathBuf>,
    /// Rules to hold against them, as `estimate-matching` wrote them [default: those of this version].
    #[arg(long, value_name = "RULES.json")]
    pub rules: Option<PathBuf>,
    /// How many records the service is told to expect (`service.identity.expected_records`): scores are graded for so many.
    #[arg(long, value_name = "N", default_value_t = EXPECTED_RECORDS)]
    pub expected_records: u64,
    /// Weigh names by how common they are in the files, compare every pair that shares keys enough and grade for as many records as
    /// there are: what the rules could do with all that the files tell, and not what the service does.
    #[arg(long, conflicts_with = "expected_records")]
    pub among_themselves: bool,
    /// Print exactly one JSON object on standard output.
    #[arg(long)]
    pub json: bool,
}

/// `estimate-matching`.
#[derive(Debug, Args)]
pub struct EstimateMatching {
    /// CSV files of people, with a column rec_id that names the lines.
    #[arg(required = true, value_name = "FILE.csv")]
    pub files: Vec<PathBuf>,
    /// Where to write the rules; `service.identity.rules_file` of customer-profile reads them.
    #[arg(long, value_name = "RULES.json")]
    pub out: PathBuf,
    /// Print exactly one JSON object on standard output.
    #[arg(long)]
    pub json: bool,
}

/// `verify`.
#[derive(Debug, Args)]
pub struct Verify {
    /// Check this export instead of the databases; with --archive, of what comes after the archived months.
    #[arg(long, value_name = "FILE", requires = "checkpoints", requires = "key")]
    pub export: Option<PathBuf>,
    /// Folder of archived months: their files are read too, as the beginning of the chain. Without it archived months are held against their manifests
    /// alone.
    #[arg(long, value_name = "DIR")]
    pub archive: Option<PathBuf>,
    /// Checkpoint file that belongs to the export, or to the archive where no export is checked and no database.
    #[arg(long, value_name = "FILE", requires = "key")]
    pub checkpoints: Option<PathBuf>,
    /// Public key the checkpoints were signed with: 64 hex digits, or a file that holds one or several. May be given again, for the keys before
    /// it; a key that another handed over to need not be given.
    #[arg(long, value_name = "KEY", requires = "checkpoints")]
    pub key: Vec<String>,
    /// Where the ledgers are.
    #[command(flatten)]
    pub data: Data,
}

/// `export`.
#[derive(Debug, Args)]
pub struct Export {
    /// Service whose ledger is written.
    #[arg(long, value_parser = ["customer-profile", "ticketing", "sla-monitor", "ombudsman-escalation", "webhooks"])]
    pub service: String,
    /// With the personal parts, so that their commitments can be checked too.
    #[arg(long)]
    pub personal: bool,
    /// File to write [default: standard output].
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Where the ledgers are.
    #[command(flatten)]
    pub data: Data,
}

/// `recompute`.
#[derive(Debug, Args)]
pub struct Recompute {
    /// Ledger of sla-monitor, as `export --service sla-monitor` writes it.
    #[arg(long, value_name = "FILE")]
    pub export: PathBuf,
    /// Ledger of ticketing, for what brought complaints about.
    #[arg(long, value_name = "FILE")]
    pub affairs: Option<PathBuf>,
    /// What was published: an answer of GetServiceParameters as JSON. Its period is counted, and every difference ends with an error.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["from", "to", "department", "as_of", "abandoned"])]
    pub against: Option<PathBuf>,
    /// First instant of the period, e.g. 2027-01-01T00:00:00+01:00.
    #[arg(long, value_name = "INSTANT", required_unless_present = "against")]
    pub from: Option<Timestamp>,
    /// First instant after the period.
    #[arg(long, value_name = "INSTANT", required_unless_present = "against")]
    pub to: Option<Timestamp>,
    /// Only calls of this department.
    #[arg(long, value_name = "SLUG")]
    pub department: Option<String>,
    /// Instant at which open clocks are judged; entries that were written later are left out [default: now].
    #[arg(long, value_name = "INSTANT")]
    pub as_of: Option<Timestamp>,
    /// What calls count as that the caller gave up: not answered `always`, or `after_the_term`.
    #[arg(long, value_name = "READING", default_value = "always", value_parser = abandoned)]
    pub abandoned: Abandoned,
    /// Print one JSON document on standard output instead of a table.
    #[arg(long)]
    pub json: bool,
}

fn abandoned(word: &str) -> Result<Abandoned, String> {
    let all = [Abandoned::Always, Abandoned::AfterTheTerm];
    all.into_iter()
        .find(|reading| reading.as_str() == word)
        .ok_or_else(|| "must be always or after_the_term".to_owned())
}

fn role(word: &str) -> Result<Role, String> {
    word.parse().map_err(|_| {
        let all: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
        format!("no such role; there are {}", all.join(", "))
    })
}

fn department(slug: &str) -> Result<Department, String> {
    slug.parse::<Department>().map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn up_is_what_happens_without_a_command() {
        let cli = Cli::try_parse_from(["ventanilla", "--json", "--port-base", "0"]).unwrap();
        assert!(cli.command.is_none() && cli.up.json && cli.up.port_base == 0);
        let cli = Cli::try_parse_from(["ventanilla", "up", "--data", "/tmp/x"]).unwrap();
        assert!(matches!(cli.command, Some(Command::Up(up)) if up.data.data.is_some() && up.port_base == 7100));
    }

    #[test]
    fn an_unknown_role_is_answered_with_the_known_ones() {
        let error = Cli::try_parse_from(["ventanilla", "token", "--role", "boss"]).unwrap_err().to_string();
        assert!(error.contains("ombudsman") && error.contains("office_intake"), "{error}");
    }

    #[test]
    fn an_export_is_checked_with_its_checkpoints_and_key_or_not_at_all() {
        assert!(Cli::try_parse_from(["ventanilla", "verify", "--export", "a"]).is_err());
        assert!(Cli::try_parse_from(["ventanilla", "verify", "--archive", "a", "--checkpoints", "b"]).is_err());
        assert!(Cli::try_parse_from(["ventanilla", "verify"]).is_ok());
    }
}
