//! Sources that a program puts before the search of the vendor's own tools.

use std::{future::ready, sync::Arc};

use cloud_import::{
    BoxFuture, ClientBuilder, CredentialSource, Credentials, Error, ErrorKind, Result, Settings, aliyun, tencent,
    testing::Scripted,
};

use crate::stage::Machine;

type Give = fn() -> Result<Credentials>;

struct Gives(Give);

impl CredentialSource for Gives {
    fn credentials(&self) -> BoxFuture<'_, Result<Credentials>> {
        Box::pin(ready((self.0)()))
    }
}

/// Whose keys sign a request where the search finds those of `FOUND`.
async fn signer(first: &[Give]) -> Result<String> {
    let machine = Machine::new();
    machine.set("ALIBABA_CLOUD_ACCESS_KEY_ID", "FOUND");
    machine.set("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "s");
    let script = Arc::new(Scripted::new([(200, "{}")]));
    let settings = Settings::new("cn-hangzhou")
        .transport(Arc::clone(&script) as _)
        .env(machine);
    let settings = first.iter().fold(settings, |settings, give| {
        settings.credential_source_first(Arc::new(Gives(*give)))
    });
    let client: aliyun::Client = ClientBuilder::from(settings).build()?;
    let answer = client.describe_regions(&Default::default()).await;
    assert_eq!(script.sent().len(), usize::from(answer.is_ok()));
    answer?;
    let signature = script.sent()[0].headers()["authorization"].to_str().unwrap().to_owned();
    let (_, id) = signature.split_once("Credential=").unwrap();
    Ok(id.split(',').next().unwrap().to_owned())
}

#[tokio::test]
async fn they_are_asked_in_order_and_give_way_only_where_they_have_none() {
    let none: Give = || Err(Error::new(ErrorKind::Credentials, "sealed"));
    let broken: Give = || Err(Error::new(ErrorKind::Local, "broken"));
    let (one, two): (Give, Give) = (|| Ok(Credentials::new("ONE", "s")), || Ok(Credentials::new("TWO", "s")));
    for (first, expected) in [
        (&[][..], "FOUND"),
        (&[one, two], "ONE"),
        (&[none, two], "TWO"),
        (&[none, none], "FOUND"),
    ] {
        assert_eq!(signer(first).await.unwrap(), expected);
    }
    let error = signer(&[broken, one]).await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Local, "broken"));
}

#[test]
fn options_of_another_vendor_build_no_client() {
    let settings = Settings::new("cn-hangzhou").options(tencent::ClientOptions::default());
    let error = ClientBuilder::<aliyun::Client>::from(settings).build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert!(error.message().contains("Tencent"), "{error}");
    let own = Settings::new("cn-hangzhou").options(aliyun::ClientOptions::default());
    let own = own.credentials(Credentials::new("ONE", "s"));
    assert!(ClientBuilder::<aliyun::Client>::from(own).build().is_ok());
}
