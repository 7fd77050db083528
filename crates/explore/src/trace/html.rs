//! HTML: one page without anything from elsewhere. The diagram, and keys and buttons to go through it step by step.

use super::{Trace, escape};

impl Trace {
    pub fn to_html(&self, title: &str) -> String {
        let title = escape(title);
        let circle = self
            .cycle_in_words()
            .map_or(String::new(), |words| format!("<p class=\"circle\">Circle: {}.</p>\n", escape(&words)));
        let (svg, json) = (self.to_svg(), self.to_json());
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>{title}</title>\n{STYLE}<h1>{title}</h1>\n{circle}\
             <p><button id=\"back\">← back</button> <button id=\"on\">on →</button> <span id=\"now\"></span></p>\n{svg}\
             <script type=\"application/json\" id=\"trace\">\n{json}</script>\n{SCRIPT}</html>\n"
        )
    }
}

const STYLE: &str = "<style>
body { font: 14px sans-serif; margin: 2em; color: #222; background: #fff; }
h1 { font-size: 18px; }
.circle { color: #c22; }
p:has(button) { position: sticky; top: 0; background: #fff; padding: .5em 0; }
.later { opacity: .2; }
.step.now circle { stroke: #e90; stroke-width: 4; }
</style>
";

const SCRIPT: &str = "<script>
const trace = JSON.parse(document.getElementById('trace').textContent);
const last = trace.steps.length - 1;
let now = last;
function show() {
  for (const part of ['.step', '.arrows']) {
    document.querySelectorAll(part).forEach((step, at) => {
      step.classList.toggle('later', at > now);
      step.classList.toggle('now', at === now);
    });
  }
  const step = trace.steps[now];
  const place = step && step.place ? ` (${step.place.file}:${step.place.line})` : '';
  document.getElementById('now').textContent =
    step ? `${now + 1} of ${last + 1}: ${trace.tasks[step.task]}: ${step.text}${place}` : '';
}
function go(by) {
  now = Math.max(0, Math.min(last, now + by));
  show();
}
document.getElementById('back').onclick = () => go(-1);
document.getElementById('on').onclick = () => go(1);
document.onkeydown = event => {
  if (event.key === 'ArrowLeft' || event.key === 'ArrowUp') go(-1);
  else if (event.key === 'ArrowRight' || event.key === 'ArrowDown') go(1);
  else return;
  event.preventDefault();
};
show();
</script>
";
