//! Compiles the contract: messages and services, the descriptor set, and the table of who may call
//! what. An RPC without a policy, or without an HTTP mapping, stops the build.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, MethodDescriptor, ReflectMessage, Value};
use prost_types::FileDescriptorSet;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    println!("cargo:rerun-if-changed=ventanilla");
    println!("cargo:rerun-if-changed=google");
    let mut files = Vec::new();
    collect(Path::new("ventanilla"), &mut files)?;
    files.sort();

    let mut compiler = protox::Compiler::new(["."])?;
    compiler.include_imports(true).include_source_info(true);
    compiler.open_files(&files)?;
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    let encoded = compiler.encode_file_descriptor_set();
    std::fs::write(out.join("descriptor.bin"), &encoded)?;

    let pool = DescriptorPool::decode(encoded.as_slice())?;
    std::fs::write(out.join("policies.rs"), policies(&pool)?)?;

    let mut messages = prost_build::Config::new();
    messages.enable_type_names();
    tonic_prost_build::configure()
        .emit_rerun_if_changed(false)
        .compile_fds_with_config(FileDescriptorSet::decode(encoded.as_slice())?, messages)?;
    Ok(())
}

/// Writes the table of policies, or says which RPC lacks one.
fn policies(pool: &DescriptorPool) -> Result<String, Failure> {
    let mut lines = BTreeMap::new();
    for service in pool.services().filter(|s| s.full_name().starts_with("ventanilla.")) {
        for method in service.methods() {
            require_http(pool, &method)?;
            let (path, line) = policy(pool, &method)?;
            lines.insert(path, line);
        }
    }
    let lines: String = lines.into_values().collect();
    Ok(format!("/// In the order of their paths.\npub(crate) static METHODS: &[MethodPolicy] = &[\n{lines}];\n"))
}

fn require_http(pool: &DescriptorPool, method: &MethodDescriptor) -> Result<(), Failure> {
    let http = pool.get_extension_by_name("google.api.http").ok_or("google.api.http is not vendored")?;
    if method.options().has_extension(&http) {
        Ok(())
    } else {
        Err(format!("{} has no google.api.http option", method.full_name()).into())
    }
}

/// The path of a method, and its line of the table.
fn policy(pool: &DescriptorPool, method: &MethodDescriptor) -> Result<(String, String), Failure> {
    let name = method.full_name();
    let extension = pool.get_extension_by_name("ventanilla.auth.v1.policy").ok_or("the policy option is missing")?;
    let options = method.options();
    if !options.has_extension(&extension) {
        return Err(format!("{name} has no ventanilla.auth.v1.policy option: who may call it?").into());
    }
    let value = options.get_extension(&extension);
    let policy = value.as_message().ok_or("the policy option is no message")?;
    let roles = words(policy, "roles");
    let open = flag(policy, "open");
    if roles.is_empty() != open {
        return Err(format!("{name} must either name roles or be open, and not both").into());
    }
    let class = match policy.get_field_by_name("traffic_class").as_deref() {
        Some(Value::EnumNumber(1)) => "Ivr",
        Some(Value::EnumNumber(3)) => "Sync",
        Some(Value::EnumNumber(4)) => "Export",
        _ => "Console",
    };
    let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
    let line = format!(
        "    MethodPolicy {{ path: {path:?}, roles: &{roles:?}, open: {open}, denial_recorded: {}, \
         traffic_class: TrafficClass::{class}, streaming: {} }},\n",
        flag(policy, "denial_recorded"),
        method.is_client_streaming() || method.is_server_streaming(),
    );
    Ok((path, line))
}

fn flag(policy: &DynamicMessage, field: &str) -> bool {
    policy.get_field_by_name(field).and_then(|v| v.as_bool()).unwrap_or(false)
}

/// The role names as tokens carry them: `ROLE_OFFICE_INTAKE` is `office_intake`.
fn words(policy: &DynamicMessage, field: &str) -> Vec<String> {
    let Some(values) = policy.get_field_by_name(field) else { return Vec::new() };
    let Some(list) = values.as_list() else { return Vec::new() };
    let Some(role) = policy.descriptor().parent_pool().get_enum_by_name("ventanilla.auth.v1.Role") else {
        return Vec::new();
    };
    list.iter()
        .filter_map(|v| role.get_value(v.as_enum_number()?))
        .map(|v| v.name().trim_start_matches("ROLE_").to_ascii_lowercase())
        .collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for item in std::fs::read_dir(folder)? {
        let path = item?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|e| e == "proto") {
            files.push(path);
        }
    }
    Ok(())
}
