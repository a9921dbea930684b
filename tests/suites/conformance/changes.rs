//! Changes to an image that is there: shares, tags, families, what is public or deprecated. They are what the cloud shows at the end,
//! whatever happened to an answer.

use std::collections::BTreeSet;

use cloud_import::{
    Asking, CheckOutcome, Error, ErrorKind, Field, ImageChange, ImageImporter, ImportedImage, Provider, Subject,
};
use cloud_import_sim::{FaultKind, ImageSummary};
use cloud_import_tests::simulated::{ALIYUN, Case, HUAWEI_COMMON, JDCLOUD, Stage, TENCENT, UCLOUD};

/// How a cloud shares and tags.
struct Changing {
    case: &'static Case,
    /// The operation that shares an image; empty where there is none.
    share: &'static str,
    /// What it is shared with, in a form that the cloud takes.
    account: fn(u32) -> String,
    /// The operation that sets tags; empty where there is none.
    tag: &'static str,
}

const ROWS: &[Changing] = &[
    Changing {
        case: &ALIYUN,
        share: "ModifyImageSharePermission",
        account: |number| format!("1234567890{number:06}"),
        tag: "TagResources",
    },
    Changing {
        case: &TENCENT,
        share: "ModifyImageSharePermission",
        account: |number| format!("200000{number:06}"),
        tag: "TagResources",
    },
    Changing {
        case: &JDCLOUD,
        share: "shareImage",
        account: |number| format!("jdpub-partner{number:02}"),
        tag: "",
    },
    // It has neither call: what is tried is refused.
    Changing {
        case: &UCLOUD,
        share: "",
        account: |number| format!("org-partner{number:02}"),
        tag: "",
    },
    Changing {
        case: &HUAWEI_COMMON,
        share: "BatchAddMembers",
        account: |number| format!("{number:032x}"),
        tag: "BatchAddOrDeleteTags",
    },
];

struct Scene {
    row: &'static Changing,
    stage: Stage,
    image: ImportedImage,
    importer: Box<dyn ImageImporter>,
}

impl Scene {
    async fn new(provider: Provider) -> Self {
        let row = ROWS.iter().find(|row| row.case.provider == provider).unwrap();
        let stage = Stage::with(row.case, |config| config.any_object(true)).await.unwrap();
        let importer = stage.importer().unwrap();
        let mut task = importer.start(&stage.order()).await.unwrap();
        let image = stage.wait(&*importer, &mut task).await.unwrap();
        Self {
            row,
            stage,
            image,
            importer,
        }
    }

    fn shown(&self) -> ImageSummary {
        self.stage
            .images()
            .into_iter()
            .find(|image| image.image_id == self.image.id)
            .unwrap()
    }

    fn accounts(&self, count: u32) -> Vec<String> {
        (1..=count).map(self.row.account).collect()
    }

    async fn change(&self, change: &ImageChange) -> Result<cloud_import::ImageAttributes, Error> {
        self.importer.change(&self.image, change).await
    }

    fn can(&self) -> &'static cloud_import::provider::capabilities::AfterImport {
        &self.importer.capabilities().after
    }
}

fn shared_with(accounts: &[String]) -> ImageChange {
    accounts
        .iter()
        .fold(ImageChange::default(), |change, account| change.share(account))
}

/// Refused with the source, before anything is asked.
async fn is_refused(scene: &Scene, change: &ImageChange, field: &Field) {
    let before = scene.stage.requests();
    let error = scene.change(change).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error:?}");
    let problem = error.problems().iter().find(|problem| problem.field == *field).unwrap();
    assert!(!problem.source.is_empty(), "{problem:?}");
    assert_eq!(scene.stage.requests(), before);
}

pub(crate) async fn accounts_are_added_and_taken_away(provider: Provider) {
    let scene = Scene::new(provider).await;
    // More than any cloud takes in one request.
    let accounts = scene.accounts(14);
    if scene.can().share.value == 0 {
        return is_refused(&scene, &shared_with(&accounts), &Field::Share).await;
    }
    let shown = scene.change(&shared_with(&accounts)).await.unwrap();
    assert_eq!(shown.shared_with, accounts.iter().cloned().collect::<BTreeSet<_>>());
    assert_eq!(scene.shown().shared_with, accounts);
    // Done already: nothing is sent but looks.
    let counted = |scene: &Scene| {
        scene
            .stage
            .simulator
            .counters()
            .requests_of(scene.row.case.cloud, scene.row.share)
    };
    let before = counted(&scene);
    scene.change(&shared_with(&accounts)).await.unwrap();
    assert_eq!(counted(&scene), before);
    let change = ImageChange::default().unshare(&accounts[0]).unshare("999999999999");
    let shown = scene.change(&change).await.unwrap();
    assert_eq!(shown.shared_with.len(), 13);
    assert_eq!(scene.shown().shared_with, accounts[1..]);
}

pub(crate) async fn more_accounts_than_the_cloud_allows_are_refused(provider: Provider) {
    let scene = Scene::new(provider).await;
    if scene.can().share.value > 0 {
        let accounts = scene.accounts(scene.can().share.value + 1);
        is_refused(&scene, &shared_with(&accounts), &Field::Share).await;
    }
}

pub(crate) async fn a_share_whose_answer_was_lost_is_done_once(provider: Provider) {
    let scene = Scene::new(provider).await;
    if scene.can().share.value == 0 {
        return;
    }
    for kind in [
        FaultKind::DropAfter,
        FaultKind::DropBefore,
        FaultKind::Throttle,
        FaultKind::ServerError { http: 500 },
    ] {
        let accounts = scene.accounts(2);
        scene
            .stage
            .inject(kind.clone(), |fault| fault.operation(scene.row.share));
        let shown = scene.change(&shared_with(&accounts)).await;
        let shown = shown.unwrap_or_else(|error| panic!("{kind:?}: {error:?}"));
        assert_eq!(shown.shared_with.len(), 2, "{kind:?}");
        let back = ImageChange::default().unshare(&accounts[0]).unshare(&accounts[1]);
        scene.change(&back).await.unwrap();
        assert!(scene.shown().shared_with.is_empty());
    }
}

pub(crate) async fn tags_are_set_and_taken_away(provider: Provider) {
    let scene = Scene::new(provider).await;
    let change = ImageChange::default().tag("team", "web").tag("stage", "test");
    if !scene.can().tag.value {
        return is_refused(&scene, &change, &Field::Tags).await;
    }
    scene
        .stage
        .inject(FaultKind::DropAfter, |fault| fault.operation(scene.row.tag));
    let shown = scene.change(&change).await.unwrap();
    assert_eq!(shown.tags["team"], "web");
    assert_eq!(scene.shown().tags["stage"], "test");
    let shown = scene
        .change(&ImageChange::default().tag("stage", "live").untag("team"))
        .await
        .unwrap();
    assert!(!shown.tags.contains_key("team"));
    assert_eq!(
        scene.shown().tags.into_iter().collect::<Vec<_>>(),
        [("stage".into(), "live".into())]
    );
}

pub(crate) async fn families_and_deprecation_are_set(provider: Provider) {
    let scene = Scene::new(provider).await;
    let family = ImageChange::default().family("web-family");
    match scene.can().family.value {
        true => {
            assert_eq!(
                scene.change(&family).await.unwrap().family.as_deref(),
                Some("web-family")
            );
            assert_eq!(scene.shown().family.as_deref(), Some("web-family"));
        }
        false => is_refused(&scene, &family, &Field::Family).await,
    }
    let deprecated = ImageChange::default().deprecated(true);
    match scene.can().deprecate.value {
        true => {
            assert_eq!(scene.change(&deprecated).await.unwrap().deprecated, Some(true));
            assert!(scene.shown().deprecated);
            scene.change(&ImageChange::default().deprecated(false)).await.unwrap();
            assert!(!scene.shown().deprecated);
        }
        false => is_refused(&scene, &deprecated, &Field::Deprecated).await,
    }
}

pub(crate) async fn what_is_public_is_taken_back(provider: Provider) {
    let scene = Scene::new(provider).await;
    let public = ImageChange::default().public(true);
    if !scene.can().public.value {
        return is_refused(&scene, &public, &Field::Public).await;
    }
    assert_eq!(scene.change(&public).await.unwrap().public, Some(true));
    assert!(scene.shown().public);
    // Nothing that is public is shared: that is taken back first.
    let account = (scene.row.account)(1);
    let back = ImageChange::default().public(false).share(&account);
    let shown = scene.change(&back).await.unwrap();
    assert_eq!((shown.public, shown.shared_with), (Some(false), [account].into()));
    assert!(!scene.shown().public);
}

pub(crate) async fn a_refusal_is_the_vendors(provider: Provider) {
    let scene = Scene::new(provider).await;
    if scene.can().share.value == 0 {
        return;
    }
    let refuse = FaultKind::Refuse {
        http: 400,
        code: "NoSuchThing".to_owned(),
        message: "no".to_owned(),
    };
    scene.stage.inject(refuse, |fault| fault.operation(scene.row.share));
    let error = scene.change(&shared_with(&scene.accounts(1))).await.unwrap_err();
    assert!(!error.may_have_executed(), "{error:?}");
    assert_ne!(error.kind(), ErrorKind::Conflict);
    assert!(scene.shown().shared_with.is_empty());
    let elsewhere: ImportedImage = serde_json::from_value(
        serde_json::json!({"provider": provider.id(), "region": "elsewhere-1", "id": "x", "name": "n"}),
    )
    .unwrap();
    let before = scene.stage.requests();
    let error = scene
        .importer
        .change(&elsewhere, &ImageChange::default().tag("a", "b"))
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), scene.stage.requests()),
        (ErrorKind::InvalidRequest, before)
    );
}

/// Whose the images are, as they would be named to share them; `None` where no call tells.
fn owner(scene: &Scene) -> Option<String> {
    match scene.row.case.provider {
        Provider::ALIYUN => Some("1234567890123456".to_owned()),
        Provider::TENCENT => Some("100000000001".to_owned()),
        Provider::HUAWEI => scene.image.project.clone(),
        _ => None,
    }
}

pub(crate) async fn nobody_shares_with_himself(provider: Provider) {
    let scene = Scene::new(provider).await;
    let asking = Asking::reads();
    let look = |accounts: Vec<String>| {
        let asking = asking.clone();
        let scene = &scene;
        async move { scene.importer.preflight_change(&shared_with(&accounts), &asking).await }
    };
    let mut accounts = scene.accounts(2);
    let before = scene.stage.requests();
    let Some(own) = owner(&scene) else {
        assert_eq!(look(accounts).await, []);
        assert_eq!(scene.stage.requests(), before);
        return;
    };
    let checks = look(accounts.clone()).await;
    assert_eq!(
        (checks.len(), checks[0].outcome),
        (1, CheckOutcome::Passed),
        "{checks:?}"
    );
    accounts.push(own.clone());
    let checks = look(accounts).await;
    let [check] = checks.as_slice() else {
        panic!("{checks:?}")
    };
    assert!(check.is_certain() && check.what == Subject::Share, "{check:?}");
    assert!(
        check.message.to_string().contains(&own) && check.remedy.is_some(),
        "{check:?}"
    );
    assert!(scene.stage.requests() <= before + 1, "it is asked once");
    // The cloud says the same, later.
    assert!(scene.change(&shared_with(&[own])).await.is_err());
    // Nothing about accounts, nothing to ask.
    let before = scene.stage.requests();
    let tags = ImageChange::default().tag("a", "b");
    assert_eq!(scene.importer.preflight_change(&tags, &Asking::reads()).await, []);
    assert_eq!(scene.stage.requests(), before);
}

pub(crate) async fn an_owner_who_is_not_told_stops_nothing(provider: Provider) {
    let scene = Scene::new(provider).await;
    scene
        .stage
        .inject(FaultKind::ServerError { http: 503 }, |fault| fault.times(u32::MAX));
    let change = shared_with(&scene.accounts(1));
    // Huawei's project is found already.
    let is_asked = matches!(provider, Provider::ALIYUN | Provider::TENCENT);
    for check in scene.importer.preflight_change(&change, &Asking::reads()).await {
        assert!(!check.is_failure(), "{check:?}");
        assert_eq!(check.is_unanswered(), is_asked, "{check:?}");
    }
}

pub(crate) async fn accounts_of_another_form_are_told(provider: Provider) {
    let scene = Scene::new(provider).await;
    if scene.can().share.value == 0 {
        return;
    }
    let found = |account: &str| {
        let problems = scene.importer.validate_change(&ImageChange::default().share(account));
        problems
            .into_iter()
            .filter(|problem| problem.field == Field::Share)
            .collect::<Vec<_>>()
    };
    assert_eq!(found(&scene.accounts(1)[0]), []);
    for bad in ["", " ", " 1"] {
        assert!(found(bad).iter().any(cloud_import::Problem::is_error), "`{bad}`");
    }
    let wrong = found("who/is#that");
    let binds = matches!(provider, Provider::ALIYUN | Provider::TENCENT);
    let is_told = |problem: &cloud_import::Problem| {
        let rule = problem.rule.to_string();
        rule.contains("`who/is#that`") && !problem.source.is_empty() && problem.remedy.is_some()
    };
    // No source tells what a pin of JD Cloud looks like.
    assert_eq!(wrong.is_empty(), provider == Provider::JDCLOUD, "{wrong:?}");
    assert!(wrong.iter().all(is_told), "{wrong:?}");
    assert_eq!(wrong.iter().any(cloud_import::Problem::is_error), binds, "{wrong:?}");
    // A length that no source states is worth a word, and no more.
    let short = found("123");
    assert!(short.iter().all(|problem| !problem.is_error()), "{short:?}");
    assert_eq!(short.is_empty(), provider == Provider::JDCLOUD, "{short:?}");
}

pub(crate) async fn families_and_tags_have_limits(provider: Provider) {
    let scene = Scene::new(provider).await;
    let refused = |change: &ImageChange, field: &Field| {
        let problems = scene.importer.validate_change(change);
        let mut of_field = problems.iter().filter(|problem| problem.field == *field);
        of_field.any(|problem| problem.is_error() && !problem.source.is_empty())
    };
    let long = "x".repeat(300);
    let tagged = ImageChange::default().tag(&long, "v");
    let many = (0..60).fold(ImageChange::default(), |change, n| change.tag(format!("k{n}"), "v"));
    let binds = matches!(provider, Provider::ALIYUN | Provider::TENCENT);
    if scene.can().tag.value {
        assert_eq!(refused(&tagged, &Field::Tag(long.clone())), binds);
        assert_eq!(refused(&many, &Field::Tags), binds);
        // What one edition alone states is a warning.
        assert!(!scene.importer.validate_change(&tagged).is_empty());
        assert!(!scene.importer.validate_change(&many).is_empty());
    }
    if provider == Provider::ALIYUN {
        for bad in ["x", long.as_str(), "acs:web", "9web"] {
            assert!(refused(&ImageChange::default().family(bad), &Field::Family), "{bad}");
        }
        assert!(!refused(&ImageChange::default().family("web-family"), &Field::Family));
    }
}

pub(crate) async fn what_is_public_and_shared_is_told(provider: Provider) {
    let scene = Scene::new(provider).await;
    let accounts = scene.accounts(1);
    let both = shared_with(&accounts).public(true);
    if !scene.can().public.value {
        return is_refused(&scene, &both, &Field::Public).await;
    }
    let problems = scene.importer.validate_change(&both);
    let about: Vec<_> = problems
        .iter()
        .filter(|problem| problem.field == Field::Share)
        .collect();
    assert_eq!(about.len(), 1, "{problems:?}");
    assert!(about[0].rule.to_string().contains("public") && about[0].remedy.is_some());
    if !scene.can().public_keeps_shares.value {
        return is_refused(&scene, &both, &Field::Share).await;
    }
    assert!(!about[0].is_error(), "{about:?}");
    // It is shared first, and those keep it.
    let shown = scene.change(&both).await.unwrap();
    assert_eq!(
        (shown.public, shown.shared_with),
        (Some(true), accounts.into_iter().collect())
    );
}
