//! A lost answer never becomes a second image.

use cloud_import_core::{Error, ErrorKind, ImageImporter as _};

use crate::fake::{Fake, NAMES, PLAIN, TOKEN, lost, order};

#[tokio::test]
async fn an_order_with_errors_is_not_sent_unless_told_so() {
    let fake = Fake::new(&PLAIN).submits([Ok(())]);
    let mut bad = order();
    bad.name.clear();
    let error = fake.start(&bad).await.unwrap_err();
    assert_eq!((error.kind(), error.problems().len()), (ErrorKind::InvalidRequest, 2));
    assert_eq!(fake.count("submit"), 0);
    bad.no_validate = true;
    fake.start(&bad).await.unwrap();
}

#[tokio::test]
async fn a_refusal_is_final_and_looks_nothing_up() {
    let fake = Fake::new(&PLAIN).submits([Err(Error::new(ErrorKind::QuotaExceeded, "full"))]);
    assert_eq!(fake.start(&order()).await.unwrap_err().kind(), ErrorKind::QuotaExceeded);
    assert_eq!((fake.count("submit"), fake.count("lookup")), (1, 0));
}

#[tokio::test]
async fn without_a_token_a_lost_start_is_looked_up_and_never_sent_again() {
    let fake = Fake::new(&PLAIN)
        .submits([Err(lost())])
        .lookups([Ok(false), Err(lost()), Ok(true)]);
    assert_eq!(fake.start(&order()).await.unwrap().image_id.as_deref(), Some("found"));
    assert_eq!((fake.count("submit"), fake.count("lookup")), (1, 3));

    let fake = Fake::new(&PLAIN).submits([Err(lost())]);
    let error = fake.start(&order()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.may_have_executed()),
        (ErrorKind::OutcomeUnknown, true)
    );
    assert!(error.message().contains("web") && error.remedy().is_some(), "{error}");
    assert_eq!(fake.count("submit"), 1);
    assert!(fake.count("lookup") >= 4);
}

#[tokio::test]
async fn with_a_token_the_same_order_is_sent_until_it_is_answered() {
    let fake = Fake::new(&TOKEN).submits([
        Err(lost()),
        Err(lost()),
        Err(Error::new(ErrorKind::Connect, "down")),
        Ok(()),
    ]);
    assert_eq!(
        fake.start(&order()).await.unwrap().image_id.as_deref(),
        Some("submitted")
    );
    assert_eq!((fake.count("submit"), fake.count("lookup")), (4, 0));

    let fake = Fake::new(&TOKEN);
    assert_eq!(
        fake.start(&order()).await.unwrap_err().kind(),
        ErrorKind::OutcomeUnknown
    );
}

#[tokio::test]
async fn a_taken_name_after_a_lost_start_settles_nothing() {
    let taken = || Error::new(ErrorKind::DuplicateName, "taken");
    let fake = Fake::new(&TOKEN).submits([Err(lost()), Err(taken()), Err(taken()), Err(taken()), Err(taken())]);
    assert_eq!(
        fake.start(&order()).await.unwrap_err().kind(),
        ErrorKind::OutcomeUnknown
    );
    let fake = Fake::new(&NAMES).submits([Err(lost()), Err(taken())]);
    assert_eq!(
        fake.start(&order()).await.unwrap_err().kind(),
        ErrorKind::OutcomeUnknown
    );
}

#[tokio::test]
async fn where_names_are_refused_for_certain_an_order_that_is_not_listed_is_sent_again() {
    let fake = Fake::new(&NAMES).submits([Err(lost()), Ok(())]);
    assert_eq!(
        fake.start(&order()).await.unwrap().image_id.as_deref(),
        Some("submitted")
    );
    assert_eq!(fake.count("submit"), 2);
    assert!(
        fake.count("lookup") >= 4,
        "it is looked up for the whole grace period first"
    );
}

#[tokio::test]
async fn a_lost_dry_run_is_just_an_error() {
    let fake = Fake::new(&TOKEN).submits([Err(lost())]);
    let mut order = order();
    order.dry_run = true;
    assert_eq!(fake.start(&order).await.unwrap_err().kind(), ErrorKind::Transport);
    assert_eq!((fake.count("submit"), fake.count("lookup")), (1, 0));
}

#[tokio::test]
async fn a_dry_run_is_never_sent_where_it_would_be_an_import() {
    let fake = Fake::new(&PLAIN);
    let mut order = order();
    order.dry_run = true;
    order.no_validate = true;
    assert_eq!(fake.start(&order).await.unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!((fake.count("submit"), fake.count("lookup")), (0, 0));
}
