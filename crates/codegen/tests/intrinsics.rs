//! Std declares no intrinsic that code generation does not know.

use std::path::Path;

use mir::mono::internal;

#[test]
fn every_intrinsic_of_std_is_known() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let known = std::fs::read_to_string(root.join("src/intrinsics.rs")).expect("readable");
    let declared = std::fs::read_to_string(root.join("../../std/src/intrinsics.altru")).expect("readable");
    let mut lines = declared.lines();
    let mut missing = Vec::new();
    while let Some(line) = lines.next() {
        if line.trim() != "[intrinsic]" {
            continue;
        }
        let head = lines.next().unwrap_or_default();
        let name = head.split("fn ").nth(1).and_then(|s| s.split(['[', '(']).next()).unwrap_or(head);
        let operation = name.strip_prefix("atomic_").unwrap_or(name);
        let entries = [internal::FUNCTION_ADDRESS, internal::TASK_ENTRY];
        if !known.contains(&format!("\"{operation}\"")) && !entries.contains(&name) {
            missing.push(name);
        }
    }
    assert!(missing.is_empty(), "unknown to code generation: {missing:?}");
}
