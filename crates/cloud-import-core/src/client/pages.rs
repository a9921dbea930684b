//! Lists that come in pages: the one loop over all of them. Which fields of a request and an answer say where it stands is in
//! generated code; how far it goes is the cloud's to say.

use std::{
    fmt,
    future::{Future, poll_fn},
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_core::Stream;

use crate::{BoxFuture, Error, ErrorKind, Result, wire::Call};

/// A request whose answer is one page of a list.
pub trait Paged: Call + Clone + fmt::Debug + 'static {
    /// The client that sends it.
    type Client: Clone + Send + Sync + 'static;
    /// What is listed.
    type Item: Send;

    /// Sends it.
    fn send(&self, client: &Self::Client) -> impl Future<Output = Result<Self::Answer>> + Send;

    /// Where in the list it stands, and how many items it asks for.
    fn place(&mut self) -> (Position<'_>, &mut Option<i64>);

    /// What an answer holds.
    fn page(answer: Self::Answer) -> Page<Self::Item>;
}

/// The field that says where a page begins.
#[derive(Debug)]
#[non_exhaustive]
pub enum Position<'a> {
    /// The number of the page, from 1.
    Number(&'a mut Option<i64>),
    /// How many items come before it.
    Offset(&'a mut Option<i64>),
    /// The item that comes before it, by its id.
    Marker(&'a mut Option<String>),
}

/// What is read from an answer.
#[derive(Debug)]
pub struct Page<T> {
    items: Vec<T>,
    total: Option<i64>,
    last: Option<String>,
    goes_on: bool,
}

impl<T> Page<T> {
    /// A page of a list that says how many items it has in all.
    pub fn of(items: Option<Vec<T>>, total: Option<i64>) -> Self {
        Self {
            items: items.unwrap_or_default(),
            total,
            last: None,
            goes_on: false,
        }
    }

    /// A page of a list that goes on behind an item, and may say that it does.
    pub fn before(items: Option<Vec<T>>, id: impl FnOnce(&T) -> Option<String>, goes_on: bool) -> Self {
        let items = items.unwrap_or_default();
        Self {
            last: items.last().and_then(id),
            items,
            total: None,
            goes_on,
        }
    }
}

/// All pages of a list, each asked for when it is wanted.
///
/// It ends where the cloud's list does: with an empty page, with as many items as the cloud says there are, or, where it says
/// nothing, with a page that is not full. Nothing else bounds it. What changes in the cloud meanwhile may be listed twice or
/// not at all, as with every list of that cloud.
///
/// It is a [`Stream`] of pages, too. An error does not end it: who asks again asks for the same page again.
pub struct Pages<Q: Paged> {
    client: Q::Client,
    /// The next page; `None` behind the last.
    request: Option<Q>,
    waiting: Option<BoxFuture<'static, Result<Q::Answer>>>,
    listed: i64,
}

impl<Q: Paged> Pages<Q> {
    /// The pages from the one that the request stands at. A request that does not say how many items a page has asks for
    /// `size`.
    pub fn new(client: Q::Client, mut request: Q, size: i64) -> Self {
        let (position, per_page) = request.place();
        let per_page = *per_page.get_or_insert(size);
        let listed = match position {
            Position::Number(page) => page.map_or(0, |page| (page - 1).saturating_mul(per_page)),
            Position::Offset(offset) => offset.unwrap_or(0),
            Position::Marker(_) => 0,
        };
        Self {
            client,
            request: Some(request),
            waiting: None,
            listed,
        }
    }

    /// The next page's items; `None` behind the last page.
    ///
    /// # Errors
    /// Every kind that the request of a page can end with, or [`ErrorKind::InvalidResponse`] where a page does not say behind
    /// which item the list goes on.
    ///
    /// # Cancel safety
    /// Dropped before its end it loses nothing: the next call waits for the same page.
    pub async fn next_page(&mut self) -> Result<Option<Vec<Q::Item>>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context))
            .await
            .transpose()
    }

    /// Takes a page's items and moves on to the next page, if there is one.
    fn turn(&mut self, page: Page<Q::Item>) -> Result<Option<Vec<Q::Item>>> {
        let Some(request) = &mut self.request else {
            return Ok(None);
        };
        let (position, size) = request.place();
        let count = i64::try_from(page.items.len()).unwrap_or(i64::MAX);
        let listed = self.listed.saturating_add(count);
        let goes_on = match page.total {
            Some(total) => listed < total,
            None => page.goes_on || size.is_none_or(|size| count >= size),
        };
        if count == 0 || !goes_on {
            self.request = None;
            return Ok(Some(page.items).filter(|items| !items.is_empty()));
        }
        match position {
            Position::Number(number) => *number = Some(number.unwrap_or(1).saturating_add(1)),
            Position::Offset(offset) => *offset = Some(offset.unwrap_or(0).saturating_add(count)),
            Position::Marker(marker) if page.last.is_some() && *marker != page.last => *marker = page.last,
            Position::Marker(_) => {
                let message = "a page does not say behind which item the list goes on";
                return Err(Error::new(ErrorKind::InvalidResponse, message).with_operation(Q::OPERATION.name));
            }
        }
        self.listed = listed;
        Ok(Some(page.items))
    }
}

impl<Q: Paged> Stream for Pages<Q> {
    type Item = Result<Vec<Q::Item>>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let pages = self.get_mut();
        let Some(request) = &pages.request else {
            return Poll::Ready(None);
        };
        let waiting = pages.waiting.get_or_insert_with(|| {
            let (request, client) = (request.clone(), pages.client.clone());
            Box::pin(async move { request.send(&client).await })
        });
        let answer = ready!(waiting.as_mut().poll(context));
        pages.waiting = None;
        Poll::Ready(answer.and_then(|answer| pages.turn(Q::page(answer))).transpose())
    }
}

/// Nothing in it is pinned in place.
impl<Q: Paged> Unpin for Pages<Q> {}

impl<Q: Paged> fmt::Debug for Pages<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages")
            .field("next", &self.request)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use http::Method;
    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::{wire::Operation, wire::Repeat};

    #[derive(Debug, Clone, Default, Serialize)]
    struct List {
        marker: Option<String>,
        size: Option<i64>,
    }

    #[derive(Debug, Clone, Deserialize)]
    struct Listed {
        items: Option<Vec<String>>,
        total: Option<i64>,
        next: Option<bool>,
    }

    /// Answers in order, each behind a wait; keeps the markers that it was asked for.
    #[derive(Debug, Clone, Default)]
    struct Script {
        answers: Arc<Mutex<Vec<Result<Listed>>>>,
        asked: Arc<Mutex<Vec<Option<String>>>>,
    }

    impl Call for List {
        type Answer = Listed;
        const OPERATION: Operation = Operation::new("List", Method::GET, "/", Repeat::Safe, &[]);
    }

    impl Paged for List {
        type Client = Script;
        type Item = String;

        async fn send(&self, client: &Script) -> Result<Listed> {
            client.asked.lock().unwrap().push(self.marker.clone());
            tokio::task::yield_now().await;
            client.answers.lock().unwrap().remove(0)
        }

        fn place(&mut self) -> (Position<'_>, &mut Option<i64>) {
            (Position::Marker(&mut self.marker), &mut self.size)
        }

        fn page(answer: Listed) -> Page<String> {
            match answer.next {
                Some(next) => Page::before(answer.items, |item| Some(item.clone()), next),
                None => Page::of(answer.items, answer.total),
            }
        }
    }

    fn page(items: &[&str], next: bool) -> Result<Listed> {
        Ok(Listed {
            items: Some(items.iter().map(|item| (*item).to_owned()).collect()),
            total: None,
            next: Some(next),
        })
    }

    fn pages(answers: Vec<Result<Listed>>) -> (Script, Pages<List>) {
        let script = Script::default();
        *script.answers.lock().unwrap() = answers;
        (script.clone(), Pages::new(script, List::default(), 2))
    }

    fn asked(script: &Script) -> Vec<Option<String>> {
        script.asked.lock().unwrap().clone()
    }

    #[tokio::test]
    async fn a_stream_gives_what_the_loop_gives() {
        // The second page is not full, but the list says that it goes on; the last one is full, and nothing comes behind it.
        let answers = || {
            vec![
                page(&["a", "b"], false),
                page(&["c"], true),
                page(&["d", "e"], false),
                page(&[], false),
            ]
        };
        let (script, mut all) = pages(answers());
        let mut listed = Vec::new();
        while let Some(items) = all.next_page().await.unwrap() {
            listed.push(items.concat());
        }
        assert_eq!(listed, ["ab", "c", "de"]);
        assert_eq!(
            asked(&script),
            [None, Some("b".into()), Some("c".into()), Some("e".into())]
        );
        assert!(all.next_page().await.unwrap().is_none());

        let (_, mut stream) = pages(answers());
        let mut streamed = Vec::new();
        while let Some(items) = poll_fn(|context| Pin::new(&mut stream).poll_next(context)).await {
            streamed.push(items.unwrap().concat());
        }
        assert_eq!(streamed, listed);
    }

    #[tokio::test]
    async fn neither_an_error_nor_a_drop_loses_a_page() {
        let failed = || Err(Error::new(ErrorKind::Unavailable, "down"));
        let (script, mut pages) = pages(vec![page(&["a", "b"], false), failed(), page(&["c"], false)]);
        let mut first = Box::pin(pages.next_page());
        let is_waiting = poll_fn(|context| Poll::Ready(first.as_mut().poll(context).is_pending())).await;
        assert!(is_waiting);
        drop(first);
        assert_eq!(pages.next_page().await.unwrap().unwrap().concat(), "ab");
        assert_eq!(
            asked(&script).len(),
            1,
            "the request of the dropped call is waited for, not sent again"
        );
        assert_eq!(pages.next_page().await.unwrap_err().message(), "down");
        assert_eq!(pages.next_page().await.unwrap().unwrap().concat(), "c");
        assert_eq!(asked(&script), [None, Some("b".into()), Some("b".into())]);
        assert!(pages.next_page().await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_list_that_goes_on_behind_no_other_item_is_an_error_and_no_endless_loop() {
        let (script, mut pages) = pages(vec![page(&["a", "b"], false), page(&["b", "b"], false)]);
        pages.next_page().await.unwrap();
        let error = pages.next_page().await.unwrap_err();
        assert_eq!(
            (error.kind(), error.operation()),
            (ErrorKind::InvalidResponse, Some("List"))
        );
        assert_eq!(asked(&script).len(), 2);
    }

    #[tokio::test]
    async fn without_a_total_a_page_that_is_not_full_is_the_last() {
        let listed = |items: &[&str], total| {
            let page = page(items, false).unwrap();
            Ok(Listed {
                total,
                next: None,
                ..page
            })
        };
        let (script, mut short) = pages(vec![listed(&["a"], None)]);
        assert!(short.next_page().await.unwrap().is_some());
        assert!(short.next_page().await.unwrap().is_none());
        assert_eq!(asked(&script).len(), 1);
        let (_, mut empty) = pages(vec![listed(&[], Some(7))]);
        assert!(
            empty.next_page().await.unwrap().is_none(),
            "whatever the cloud says there is"
        );
    }
}
