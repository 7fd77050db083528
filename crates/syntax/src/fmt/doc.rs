//! A small pretty printer after Wadler and Prettier: a document says where lines may break, the
//! printer breaks the outermost groups that do not fit.

/// Columns of a line.
pub(super) const WIDTH: usize = 100;
const STEP: usize = 4;

#[derive(Debug)]
pub(super) enum Doc {
    Text(String),
    /// A blank, or a line end where the group is broken.
    Line,
    /// Nothing, or a line end where the group is broken.
    Soft,
    /// A line end; groups around it are broken.
    Hard,
    /// Only where the group is broken.
    IfBroken(&'static str),
    /// A comment: printed at the end of the line, whatever else the line still gets. Groups
    /// around it are broken.
    Comment(String),
    /// A group before it need not give way for what follows.
    Edge,
    /// Where a block of braces on one line begins and ends.
    Braces {
        end: bool,
    },
    Indent(Vec<Doc>),
    Group {
        parts: Vec<Doc>,
        broken: bool,
    },
    Concat(Vec<Doc>),
}

impl Doc {
    pub fn text(text: impl Into<String>) -> Doc {
        Doc::Text(text.into())
    }

    /// A group that breaks if it has to.
    pub fn group(parts: Vec<Doc>, broken: bool) -> Doc {
        let broken = broken || parts.iter().any(Doc::forces);
        Doc::Group { parts, broken }
    }

    /// Contains a line end that cannot be avoided.
    fn forces(&self) -> bool {
        match self {
            Doc::Hard | Doc::Comment(_) => true,
            Doc::Group { broken, .. } => *broken,
            Doc::Indent(parts) | Doc::Concat(parts) => parts.iter().any(Doc::forces),
            _ => false,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Flat,
    Broken,
}

#[derive(Clone, Copy)]
struct Task<'d> {
    indent: usize,
    mode: Mode,
    doc: &'d Doc,
}

/// What [`print`] did.
pub(super) struct Printed {
    /// Comments were moved to the ends of lines, or a block of braces was not kept on its line: the next
    /// step may see it otherwise.
    pub unsettled: bool,
    /// A comment ends the last line.
    pub at_end: bool,
}

/// Prints `doc`, whose first line begins at the end of `out`.
pub(super) fn print(doc: &Doc, indent: usize, out: &mut String) -> Printed {
    let mut unsettled = false;
    let mut lines = 0;
    let mut braces: Vec<usize> = Vec::new();
    let mut column = width_of_last_line(out);
    let mut comments: Vec<(usize, &str)> = Vec::new();
    let mut tasks = vec![Task { indent, mode: Mode::Broken, doc }];
    while let Some(Task { indent, mode, doc }) = tasks.pop() {
        let new_line = match doc {
            Doc::Text(text) => {
                out.push_str(text);
                column = match text.rfind('\n') {
                    Some(at) => width(&text[at + 1..]),
                    None => column + width(text),
                };
                false
            }
            Doc::Line if mode == Mode::Flat => {
                out.push(' ');
                column += 1;
                false
            }
            Doc::Soft if mode == Mode::Flat => false,
            Doc::Line | Doc::Soft | Doc::Hard => true,
            Doc::IfBroken(text) => {
                if mode == Mode::Broken {
                    out.push_str(text);
                    column += text.len();
                }
                false
            }
            Doc::Edge => false,
            Doc::Comment(text) => {
                comments.push((indent, text));
                unsettled = true;
                false
            }
            Doc::Braces { end: false } => {
                braces.push(lines);
                false
            }
            Doc::Braces { end: true } => {
                unsettled |= braces.pop().is_some_and(|before| before != lines);
                false
            }
            Doc::Indent(parts) => {
                let indent = indent + STEP;
                tasks.extend(parts.iter().rev().map(|doc| Task { indent, mode, doc }));
                false
            }
            Doc::Concat(parts) => {
                tasks.extend(parts.iter().rev().map(|doc| Task { indent, mode, doc }));
                false
            }
            Doc::Group { parts, broken } => {
                let flat = !broken && fits(parts, WIDTH.saturating_sub(column), &tasks);
                let mode = if flat { Mode::Flat } else { Mode::Broken };
                tasks.extend(parts.iter().rev().map(|doc| Task { indent, mode, doc }));
                false
            }
        };
        if new_line {
            lines += 1;
            flush(&mut comments, out);
            end_line(out);
            out.extend(std::iter::repeat_n(' ', indent));
            column = indent;
        }
    }
    let at_end = !comments.is_empty();
    flush(&mut comments, out);
    Printed { unsettled, at_end }
}

/// Comments go to the end of the line; more than one go on lines of their own after it.
fn flush(comments: &mut Vec<(usize, &str)>, out: &mut String) {
    for (i, (indent, comment)) in comments.drain(..).enumerate() {
        if i == 0 {
            trim_blanks(out);
            out.push_str("  ");
        } else {
            end_line(out);
            out.extend(std::iter::repeat_n(' ', indent));
        }
        // What documented nothing must not document what follows now.
        let stray_doc = i > 0 && comment.starts_with("##") && !comment.starts_with("###");
        out.push_str(&comment[usize::from(stray_doc)..]);
    }
}

fn end_line(out: &mut String) {
    trim_blanks(out);
    out.push('\n');
}

pub(super) fn trim_blanks(out: &mut String) {
    out.truncate(out.trim_end_matches(' ').len());
}

/// Whether `parts` and what follows them up to the next possible line end fit into `room`.
fn fits(parts: &[Doc], room: usize, rest: &[Task<'_>]) -> bool {
    let mut room = room as isize;
    let mut tasks: Vec<(Mode, &Doc)> = parts.iter().rev().map(|d| (Mode::Flat, d)).collect();
    let mut rest = rest.iter().rev();
    let mut outside = false;
    loop {
        if room < 0 {
            return false;
        }
        let (mode, doc) = match tasks.pop() {
            Some(task) => task,
            None => match rest.next() {
                Some(task) => {
                    outside = true;
                    (task.mode, task.doc)
                }
                None => return true,
            },
        };
        match doc {
            Doc::Edge if outside => return true,
            Doc::Text(text) => {
                if let Some(at) = text.find('\n') {
                    return room >= width(&text[..at]) as isize;
                }
                room -= width(text) as isize;
            }
            Doc::Line if mode == Mode::Flat => room -= 1,
            Doc::Soft if mode == Mode::Flat => {}
            Doc::Line | Doc::Soft | Doc::Hard => return true,
            Doc::IfBroken(text) => {
                if mode == Mode::Broken {
                    room -= text.len() as isize;
                }
            }
            Doc::Comment(_) | Doc::Braces { .. } | Doc::Edge => {}
            Doc::Indent(parts) | Doc::Concat(parts) => tasks.extend(parts.iter().rev().map(|d| (mode, d))),
            // What follows may break where it can.
            Doc::Group { parts, broken } => {
                let mode = if *broken { Mode::Broken } else { mode };
                tasks.extend(parts.iter().rev().map(|d| (mode, d)));
            }
        }
    }
}

fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().count() }
}

fn width_of_last_line(out: &str) -> usize {
    width(&out[out.rfind('\n').map_or(0, |at| at + 1)..])
}

/// Columns of the document on one line; `None` if it cannot be on one.
pub(super) fn flat_width(doc: &Doc) -> Option<usize> {
    match doc {
        Doc::Text(text) => (!text.contains('\n')).then(|| width(text)),
        Doc::Line => Some(1),
        Doc::Soft | Doc::IfBroken(_) | Doc::Braces { .. } | Doc::Edge => Some(0),
        Doc::Hard | Doc::Comment(_) => None,
        Doc::Group { broken: true, .. } => None,
        Doc::Indent(parts) | Doc::Concat(parts) | Doc::Group { parts, .. } => {
            parts.iter().map(flat_width).sum()
        }
    }
}

/// The document on one line; `None` if it cannot be on one.
pub(super) fn flat_text(doc: &Doc) -> Option<String> {
    fn add(doc: &Doc, out: &mut String) {
        match doc {
            Doc::Text(text) => out.push_str(text),
            Doc::Line => out.push(' '),
            Doc::Indent(parts) | Doc::Concat(parts) | Doc::Group { parts, .. } => {
                parts.iter().for_each(|d| add(d, out))
            }
            Doc::Soft | Doc::IfBroken(_) | Doc::Hard | Doc::Comment(_) | Doc::Edge | Doc::Braces { .. } => {}
        }
    }
    flat_width(doc)?;
    let mut out = String::new();
    add(doc, &mut out);
    Some(out)
}
