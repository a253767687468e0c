//! Who is looked at: the settings of one process, read as its binary reads them.

use std::collections::{BTreeMap, HashMap};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use secrecy::SecretString;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use server::{AuthSettings, FrontSettings, ProcessSettings, TlsSettings, UnusableSettings, settings_of};

use crate::services::Service;

use super::finding::Finding;

/// One process.
pub struct Patient {
    /// Its name, by which its file is called.
    pub name: &'static str,
    /// The service; `None` for the window, which keeps nothing.
    pub service: Option<Service>,
    /// Its settings.
    pub process: Process,
    /// What is looked at of its own settings.
    pub own: Own,
}

/// What every process is told.
pub enum Process {
    /// A service.
    Service(Box<ProcessSettings>),
    /// The window.
    Window(Box<FrontSettings>),
}

/// The part of `[service]` that is looked at.
#[derive(Default, Deserialize)]
pub struct Own {
    /// Its schema.
    pub database: Option<postgres::Settings>,
    /// The office's key.
    pub office_key: Option<SecretString>,
    /// The key of webhooks' secrets.
    pub secret_key: Option<SecretString>,
    /// What customers' proofs are derived under.
    pub proof_key: Option<SecretString>,
    /// The window's pages.
    pub web: Option<Web>,
    /// Calendars.
    pub law: Option<Law>,
}

/// See [`Own::web`].
#[derive(Deserialize)]
pub struct Web {
    /// Keys that cookies are sealed with.
    #[serde(default)]
    pub sealing_keys: Vec<SecretString>,
}

/// See [`Own::law`].
#[derive(Deserialize)]
pub struct Law {
    /// The house's calendar.
    pub calendar: String,
    /// Those of departments.
    #[serde(default)]
    pub department_calendars: BTreeMap<String, String>,
}

impl Patient {
    /// Where it listens.
    pub fn listen(&self) -> &str {
        match &self.process {
            Process::Service(settings) => &settings.listen,
            Process::Window(settings) => &settings.listen,
        }
    }

    /// Whose tokens it takes.
    pub fn auth(&self) -> &AuthSettings {
        match &self.process {
            Process::Service(settings) => &settings.auth,
            Process::Window(settings) => &settings.auth,
        }
    }

    /// Where it finds the others, by their names.
    pub fn peers(&self) -> BTreeMap<String, String> {
        let named = match &self.process {
            Process::Service(settings) => &settings.peers,
            Process::Window(settings) => &settings.peers,
        };
        named.iter().map(|(name, address)| (name.replace('_', "-"), address.clone())).collect()
    }

    /// Its certificates, where it has any.
    pub fn tls(&self) -> Option<&TlsSettings> {
        match &self.process {
            Process::Service(settings) => settings.tls.as_ref(),
            Process::Window(settings) => settings.tls.as_ref(),
        }
    }

    /// Logs, traces, metrics.
    pub fn telemetry(&self) -> &telemetry::Settings {
        match &self.process {
            Process::Service(settings) => &settings.telemetry,
            Process::Window(settings) => &settings.telemetry,
        }
    }

    /// Its schema, where it keeps one, with the settings of its process.
    pub fn kept(&self) -> Option<Kept<'_>> {
        match (&self.process, self.service, &self.own.database) {
            (Process::Service(process), Some(service), Some(database)) => {
                Some(Kept { name: self.name, service, process, database })
            }
            _ => None,
        }
    }
}

/// A process that keeps a ledger.
#[derive(Clone, Copy)]
pub struct Kept<'a> {
    /// Its name.
    pub name: &'static str,
    /// The service.
    pub service: Service,
    /// Its settings.
    pub process: &'a ProcessSettings,
    /// Its schema.
    pub database: &'a postgres::Settings,
}

/// The files to look at: those given, and of a folder those that are named as a process.
pub fn files(given: &[PathBuf]) -> anyhow::Result<Vec<(&'static str, PathBuf)>> {
    let mut files = Vec::new();
    for path in given {
        if path.is_dir() {
            let found = names().into_iter().map(|name| (name, path.join(format!("{name}.toml"))));
            let found: Vec<_> = found.filter(|(_, file)| file.exists()).collect();
            ensure!(!found.is_empty(), "{} holds no settings named as a process, e.g. ticketing.toml", path.display());
            files.extend(found);
        } else {
            let name = name_of(path).with_context(|| {
                let all = names().join(", ");
                format!("{} is not named as a process is: call it NAME.toml, with {all}", path.display())
            })?;
            files.push((name, path.clone()));
        }
    }
    Ok(files)
}

fn names() -> Vec<&'static str> {
    Service::ALL.map(Service::name).into_iter().chain([gateway::NAME]).collect()
}

fn name_of(path: &Path) -> Option<&'static str> {
    let stem = path.file_stem()?.to_str()?;
    names().into_iter().find(|name| *name == stem)
}

/// Reads the settings as the process does: its file, and over it `NAME.env` where one stands beside it, as systemd gives it to a unit.
/// The environment over both, where the file is the only one that is looked at: what stands there is meant for one process.
pub fn admit(name: &'static str, file: &Path, alone: bool) -> Result<Patient, Finding> {
    let beside = file.with_extension("env");
    let mut variables = match std::fs::read_to_string(&beside) {
        Ok(text) => text.lines().filter_map(variable).collect(),
        Err(error) if error.kind() == ErrorKind::NotFound => HashMap::new(),
        Err(_) => {
            let says = format!("{} cannot be read, and without it the process is another", beside.display());
            return Err(Finding::ill(name, "settings", says, "look as who may read it: root"));
        }
    };
    if alone {
        let here = std::env::vars_os();
        variables.extend(here.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))));
    }
    let read = match Service::named(name) {
        Some(service) => of_service(service, file, &variables),
        None => of_window(file, &variables),
    };
    read.map_err(|error| {
        let says = format!("{} cannot be used: {error}", file.display());
        Finding::ill(name, "settings", says, format!("mend it; deploy/config/{name}.toml is an example of it"))
    })
}

/// A line of what systemd calls an environment file; `None` for a comment.
fn variable(line: &str) -> Option<(String, String)> {
    let (name, value) = line.trim().split_once('=').filter(|_| !line.trim().starts_with(['#', ';']))?;
    let value = value.trim();
    let bare = ['"', '\''].into_iter().find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote));
    Some((name.trim().to_owned(), bare.unwrap_or(value).to_owned()))
}

type Variables = HashMap<String, String>;

fn of_service(service: Service, file: &Path, variables: &Variables) -> Result<Patient, UnusableSettings> {
    let defaults = service.defaults();
    match service {
        Service::CustomerProfile => whole::<customer_profile::Settings>(defaults, file, variables)?,
        Service::Ticketing => whole::<ticketing::Settings>(defaults, file, variables)?,
        Service::SlaMonitor => whole::<sla_monitor::Settings>(defaults, file, variables)?,
        Service::OmbudsmanEscalation => whole::<ombudsman_escalation::Settings>(defaults, file, variables)?,
        Service::Webhooks => whole::<webhooks::Settings>(defaults, file, variables)?,
    }
    let (process, own) = settings_of::<ProcessSettings, Own>(defaults, file, variables)?;
    Ok(Patient { name: service.name(), service: Some(service), process: Process::Service(Box::new(process)), own })
}

/// That all of the service's own settings are understood, none misspelt.
fn whole<S: DeserializeOwned>(defaults: &str, file: &Path, variables: &Variables) -> Result<(), UnusableSettings> {
    settings_of::<ProcessSettings, S>(defaults, file, variables).map(|_| ())
}

fn of_window(file: &Path, variables: &Variables) -> Result<Patient, UnusableSettings> {
    settings_of::<FrontSettings, gateway::Settings>(gateway::DEFAULTS, file, variables)?;
    let (process, own) = settings_of::<FrontSettings, Own>(gateway::DEFAULTS, file, variables)?;
    Ok(Patient { name: gateway::NAME, service: None, process: Process::Window(Box::new(process)), own })
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    fn written(name: &str, text: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("ventanilla-patient-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("ticketing.toml");
        std::fs::write(&file, text).unwrap();
        file
    }

    #[test]
    fn a_file_is_the_process_it_is_named_as() {
        assert_eq!(name_of(Path::new("/etc/ventanilla/ticketing.toml")), Some("ticketing"));
        assert_eq!(name_of(Path::new("gateway.toml")), Some("gateway"));
        assert_eq!(name_of(Path::new("/etc/ventanilla/other.toml")), None);
        assert!(files(&[PathBuf::from("/nowhere/other.toml")]).unwrap_err().to_string().contains("ticketing"));
    }

    #[test]
    fn every_example_of_settings_is_understood_by_its_process_and_none_asks_for_the_port_of_another() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/config");
        let mut taken = BTreeMap::new();
        for name in names() {
            let read = admit(name, &folder.join(format!("{name}.toml")), false);
            let patient = read.unwrap_or_else(|ill| panic!("{name}: {}", ill.says));
            let shown = patient.telemetry().metrics_listen.clone().expect("its figures are shown");
            for address in [patient.listen().to_owned(), shown] {
                let port = address.rsplit(':').next().unwrap().to_owned();
                assert_eq!(taken.insert(port, name), None, "{name} asks for the port of another: {address}");
            }
        }
        assert_eq!(taken.len(), 2 * names().len());
    }

    #[test]
    fn a_misspelt_setting_is_named_and_a_broken_line_is_not_quoted() {
        let finding = |name: &str, text: &str| {
            let file = written(name, text);
            let found = admit("ticketing", &file, false).err().expect("it is ill");
            std::fs::remove_dir_all(file.parent().unwrap()).unwrap();
            found.says
        };
        let misspelt = finding("misspelt", "[auth]\nissuer = \"x\"\naudiense = \"y\"\n");
        assert!(misspelt.contains("audiense"), "{misspelt}");
        let broken = finding("broken", "[service.database]\nurl = \"postgres://a:hunter2@h/d\n");
        assert!(!broken.contains("hunter2") && broken.contains("TOML"), "{broken}");
        let typed =
            finding("typed", "[service.database]\nurl = \"postgres://a:hunter2@h/d\"\nmax_connections = \"hunter2\"\n");
        assert!(!typed.contains("hunter2"), "{typed}");
    }

    #[test]
    fn what_stands_in_name_env_beside_the_settings_goes_over_them_and_is_not_quoted() {
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/config/ticketing.toml");
        let file = written("beside", &std::fs::read_to_string(example).unwrap());
        let beside = file.with_extension("env");
        let with = |text: &str| {
            std::fs::write(&beside, text).unwrap();
            admit("ticketing", &file, false)
        };
        let database = |text: &str| with(text).map_err(|ill| ill.says).unwrap().own.database.unwrap();
        let key = "VENTANILLA__SERVICE__DATABASE";
        let read = database(&format!(
            "# of root\n{key}__URL=postgres://ticketing:a=b@h/d\n;x=y\n{key}__MAX_CONNECTIONS=\"7\"\n"
        ));
        assert_eq!((read.url.expose_secret(), read.max_connections), ("postgres://ticketing:a=b@h/d", 7));
        let wrong = with(&format!("{key}__MAX_CONNECTIONS=hunter2\n")).err().expect("it is ill").says;
        assert!(wrong.contains("max_connections") && !wrong.contains("hunter2"), "{wrong}");
        // What is there and cannot be read is no file of variables.
        std::fs::remove_file(&beside).unwrap();
        std::fs::create_dir(&beside).unwrap();
        let unread = admit("ticketing", &file, false).err().expect("it is ill").says;
        assert!(unread.contains("ticketing.env"), "{unread}");
        std::fs::remove_dir_all(file.parent().unwrap()).unwrap();
    }
}
