//! The programs of `benches/` do, with a hundredth of the work, what they should, and the stand that measures them
//! works.

use std::path::Path;
use std::process::Command;

#[test]
fn the_programs_of_the_measuring_stand_are_right() {
    let stand = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../benches/run");
    let run = Command::new("python3")
        .arg(stand)
        .arg("--check")
        .env("ALTRU", env!("CARGO_BIN_EXE_altru"))
        .output()
        .expect("python3 is there");
    assert!(
        run.status.success(),
        "{}{}",
        String::from_utf8_lossy(&run.stdout),
        String::from_utf8_lossy(&run.stderr)
    );
}
