//! The XML that OpenCV writes: `<opencv_storage>` and in it matrices marked `type_id="opencv-matrix"`.

use crate::error::read::{ReadCause, one_line};
use crate::format::opencv::matrix::Fields;
use crate::format::wrong;
use crate::kind::Kind;
use roxmltree::{Document, Node, ParsingOptions};

/// A file of maps has few elements; each takes more memory than its text.
const MOST: u32 = 200_000;

/// Calls `take` with the name and the parts of each matrix at the top level.
pub(super) fn each(text: &str, take: &mut impl FnMut(&str, Fields<'_>) -> Result<(), ReadCause>) -> Result<(), ReadCause> {
    let refused = |what: String| wrong(Kind::OpenCv, what);
    let options = ParsingOptions { nodes_limit: MOST, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).map_err(|e| refused(format!("is no XML: {e}")))?;
    let root = document.root_element();
    let name = root.tag_name().name();
    if name != "opencv_storage" {
        return Err(refused(format!("has the root <{}>: expected <opencv_storage>", one_line(name))));
    }
    for entry in root.children().filter(Node::is_element) {
        if matches!(entry.attribute("type_id"), Some("opencv-matrix" | "opencv-nd-matrix")) {
            let name = entry.tag_name().name();
            let mut fields = Fields::default();
            let set =
                entry.children().filter(Node::is_element).try_for_each(|part| fields.set(part.tag_name().name(), content(part)?));
            set.map_err(|what| refused(format!("has a matrix \"{}\" that {what}", one_line(name))))?;
            take(name, fields)?;
        }
    }
    Ok(())
}

/// The text of an element that has nothing else.
fn content<'a>(part: Node<'a, '_>) -> Result<&'a str, String> {
    if part.attribute("type_id").is_some_and(|id| id == "binary") {
        return Ok("!!binary");
    }
    if part.children().any(|child| !child.is_text()) {
        return Err(format!("has other things than text in its \"{}\"", one_line(part.tag_name().name())));
    }
    Ok(part.text().unwrap_or_default())
}
