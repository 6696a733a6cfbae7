//! How an upstream was chosen.

use postern::engine::DrawDetail;
use serde::Serialize;

use crate::terminal::{Style, TextWriter, printable};

/// The choice of an upstream.
#[derive(Clone, Debug, Serialize)]
pub(super) struct UpstreamTrace {
    /// None if the request is denied.
    upstream: Option<String>,
    /// Which of several it was, from zero.
    #[serde(skip_serializing_if = "Option::is_none")]
    case: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    draw: Option<DrawTrace>,
}

/// A draw by weights.
#[derive(Clone, Debug, Serialize)]
struct DrawTrace {
    by: String,
    /// None if the request drew at random.
    key: Option<String>,
    weights: Vec<(String, u32)>,
}

impl UpstreamTrace {
    pub(super) fn new(
        upstream: Option<&[u8]>,
        case: Option<usize>,
        draw: Option<DrawDetail<'_>>,
    ) -> Self {
        let draw = draw.map(|draw| DrawTrace {
            by: draw.by.unwrap_or("random").to_owned(),
            key: draw.key.map(printable),
            weights: draw
                .weights
                .iter()
                .map(|(name, weight)| (printable(name), *weight))
                .collect(),
        });
        Self {
            upstream: upstream.map(printable),
            case,
            draw,
        }
    }

    pub(super) fn render(&self, writer: &mut TextWriter) {
        if let Some(case) = self.case {
            writer.row(2, "first", &format!("[{case}]"), Style::Plain);
        }
        if let Some(draw) = &self.draw {
            let by = match &draw.key {
                Some(key) => format!("{}: `{key}`", draw.by),
                None if draw.by == "random" => draw.by.clone(),
                None => format!("{}: none, so at random", draw.by),
            };
            writer.row(2, "by", &by, Style::Plain);
            let sum: u64 = draw
                .weights
                .iter()
                .map(|(_, weight)| u64::from(*weight))
                .sum();
            for (name, weight) in &draw.weights {
                writer.row(4, name, &share(*weight, sum), Style::Plain);
            }
        }
        match &self.upstream {
            Some(upstream) => writer.row(2, "chosen", upstream, Style::Good),
            None => writer.line(2, "none: the request is denied because of this", Style::Bad),
        }
    }
}

/// A weight, and its share of the sum.
fn share(weight: u32, sum: u64) -> String {
    let thousandths = u64::from(weight).saturating_mul(1000).checked_div(sum);
    let thousandths = thousandths.unwrap_or(0);
    format!("{weight} ({}.{} %)", thousandths / 10, thousandths % 10)
}
