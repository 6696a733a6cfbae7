//! Documents in the policy itself.

use std::rc::Rc;
use std::sync::Arc;

use crate::engine::documents::policy_view::PolicyView;
use crate::engine::documents::view::{View, ViewBuilder, ViewInputs};
use crate::engine::event::Observer;
use crate::policy::{Policy, SourceId};
use crate::source::{Budget, Document};

/// The view of such a document. The operator wrote it in the policy, so no limit refuses it.
pub(super) fn inline(
    document: &Arc<Document>,
    id: SourceId,
    policy: &Policy,
    observer: &mut dyn Observer,
) -> PolicyView {
    let inputs = &mut ViewInputs {
        policy,
        id,
        last: None,
        observer,
    };
    let read = ViewBuilder::of_document(document).advance(b"", inputs, &mut Budget::unlimited());
    let view = read.ok().flatten();
    let policy_view = view.and_then(|view| PolicyView::new(Rc::new(view), inputs).ok());
    policy_view.unwrap_or_else(|| PolicyView::bare(View::bare(document)))
}
