//! Every program shown in a document is run: blocks tagged `altru` must compile (and run to a
//! clean end unless tagged `altru check`), blocks tagged `altru error:E0501` must get just that
//! code. And every diagnostic code has its page, which shows it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use libtest_mimic::{Arguments, Failed, Trial};

fn main() {
    let args = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = vec![root.join("README.md")];
    collect(&root.join("docs"), &mut files);
    files.sort();
    let mut trials = Vec::new();
    for file in &files {
        let text = std::fs::read_to_string(file).expect("a document is UTF-8");
        let name = file.strip_prefix(&root).expect("below the root").display().to_string();
        for block in blocks(&text) {
            let name = format!("{name}:{}", block.line);
            trials.push(Trial::test(name, move || run(&block)));
        }
    }
    for &(code, _) in base::codes::ALL {
        let page = root.join(format!("docs/errors/{code}.md"));
        trials.push(Trial::test(format!("page::{code}"), move || check_page(code.0, &page)));
    }
    libtest_mimic::run(&args, trials).exit();
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("docs is there").flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|e| e == "md") {
            files.push(path);
        }
    }
}

struct Block {
    line: usize,
    tag: String,
    program: String,
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open = false;
    for (i, line) in text.lines().enumerate() {
        if open && line.trim_end() == "```" {
            open = false;
        } else if open {
            let program = &mut blocks.last_mut().expect("open").program;
            program.push_str(line);
            program.push('\n');
        } else if let Some(tag) = line.strip_prefix("```altru") {
            open = true;
            blocks.push(Block { line: i + 1, tag: tag.trim().into(), program: String::new() });
        }
    }
    blocks
}

fn run(block: &Block) -> Result<(), Failed> {
    if let Some(code) = block.tag.strip_prefix("error:") {
        return refused(&block.program, code);
    }
    if let Some(code) = block.tag.strip_prefix("warning:") {
        return warned(&block.program, code);
    }
    let command = match block.tag.as_str() {
        "" => "run",
        "check" => "check",
        tag => return Err(format!("unknown tag `{tag}`").into()),
    };
    let mut output = altru(&[command, "-"], &block.program);
    if String::from_utf8_lossy(&output.stderr).contains("it is a library") {
        output = altru(&["check", "-"], &block.program);
    }
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{}\n{}", output.status, String::from_utf8_lossy(&output.stderr)).into())
}

/// The one error of the program is this. Warnings may stand beside it.
fn refused(program: &str, code: &str) -> Result<(), Failed> {
    let output = altru(&["check", "--format", "json", "-"], program);
    let found: Vec<String> = codes_of(&output).into_iter().filter(|c| c.starts_with('E')).collect();
    if found == [code] {
        return Ok(());
    }
    // Some are found only when code is made.
    if found.is_empty() {
        let run = altru(&["run", "-"], program);
        let errors = String::from_utf8_lossy(&run.stderr);
        if errors.matches("error[").count() == 1 && errors.contains(&format!("error[{code}]")) {
            return Ok(());
        }
    }
    let text = String::from_utf8_lossy(&output.stdout);
    Err(format!("expected just {code}, found {found:?}\n{text}").into())
}

/// The program is accepted with just this warning.
fn warned(program: &str, code: &str) -> Result<(), Failed> {
    let output = altru(&["check", "--format", "json", "-"], program);
    let found = codes_of(&output);
    if found == [code] && output.status.success() {
        return Ok(());
    }
    Err(format!("expected just {code}, found {found:?}").into())
}

/// The different codes of a check's diagnostics.
fn codes_of(output: &Output) -> Vec<String> {
    let mut found: Vec<String> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|l| serde_json::from_str::<serde_json::Value>(l).ok())
        .map(|d| d["code"].as_str().unwrap_or("?").to_string())
        .collect();
    found.dedup();
    found
}

fn altru(args: &[&str], input: &str) -> Output {
    use std::io::Write;
    let mut child = Command::new(env!("CARGO_BIN_EXE_altru"))
        .args(args)
        .env("NO_COLOR", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("altru starts");
    let _ = child.stdin.take().expect("piped").write_all(input.as_bytes());
    child.wait_with_output().expect("altru ends")
}

/// The page is there, has the code as its heading, and shows a program that gets it, unless it
/// says why none can be shown here.
fn check_page(code: &str, page: &Path) -> Result<(), Failed> {
    let text = std::fs::read_to_string(page).map_err(|e| format!("{}: {e}", page.display()))?;
    if !text.starts_with(&format!("# {code}: ")) {
        return Err(format!("{} does not begin with `# {code}: `", page.display()).into());
    }
    let shown =
        blocks(&text).iter().any(|b| b.tag == format!("error:{code}") || b.tag == format!("warning:{code}"));
    if !shown && !text.contains("cannot be shown") {
        return Err(format!("{} shows no program that gets {code}", page.display()).into());
    }
    Ok(())
}
