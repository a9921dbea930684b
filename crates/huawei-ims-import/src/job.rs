//! What a job tells: its image, how far it is, and why it failed.

use cloud_import_core::{
    Failure,
    provider::{Row, datetime},
};

use crate::generated::{Job, JobEntities, SubJob, TASK_STATES};

fn sub_jobs(job: &Job) -> &[SubJob] {
    let entities = job.entities.as_ref();
    entities
        .and_then(|entities| entities.sub_jobs_result.as_deref())
        .unwrap_or_default()
}

fn filled<'a>(texts: impl IntoIterator<Item = Option<&'a String>>) -> Option<String> {
    texts.into_iter().flatten().find(|text| !text.is_empty()).cloned()
}

/// What the job shows.
pub(crate) fn row(job: Job) -> Row {
    let mut row = Row::new(job.status.clone(), TASK_STATES);
    row.image_id = image_id(&job);
    row.percent = percent(&job);
    row.finished = job.end_time.as_deref().and_then(datetime::parse_rfc3339);
    row.failure = Some(failure(&job));
    row.task_id = job.job_id;
    row
}

/// The image: the job's own, else that of a sub-job.
fn image_id(job: &Job) -> Option<String> {
    let own = job.entities.as_ref().and_then(|entities| entities.image_id.as_ref());
    let of_sub_jobs = sub_jobs(job)
        .iter()
        .map(|sub| sub.entities.as_ref().and_then(|entities| entities.image_id.as_ref()));
    filled(std::iter::once(own).chain(of_sub_jobs))
}

/// The progress. The vendor calls a fraction from 0 to 1 a percentage; what is neither is not shown.
fn percent(job: &Job) -> Option<u8> {
    let fraction = job.entities.as_ref()?.process_percent?;
    let percent = (fraction * 100.0).round();
    (0..=100).find(|whole| f64::from(*whole) == percent)
}

/// Why it failed; the state where the vendor gives no reason.
fn failure(job: &Job) -> Failure {
    let (code, reason) = told(job);
    Failure::new(code, reason.or_else(|| job.status.clone()).unwrap_or_default())
}

/// The code and the reason that a job tells: its own, or those inside it; and those of the first sub-job that has any, which tell
/// more than that it failed.
pub(crate) fn told(job: &Job) -> (Option<String>, Option<String>) {
    let empty = JobEntities::default();
    let inner = job.entities.as_ref().unwrap_or(&empty);
    let code = filled([
        job.error_code.as_ref(),
        inner.error_code.as_ref(),
        inner.addition_error_code.as_ref(),
    ]);
    let reason = filled([
        job.fail_reason.as_ref(),
        inner.addition_error_msg.as_ref(),
        inner.error.as_ref(),
    ]);
    let mut of_sub_jobs = sub_jobs(job)
        .iter()
        .map(|sub| (filled([sub.error_code.as_ref()]), filled([sub.fail_reason.as_ref()])));
    let (sub_code, sub_reason) = of_sub_jobs
        .find(|(code, reason)| code.is_some() || reason.is_some())
        .unwrap_or_default();
    let reason = match (reason, sub_reason) {
        (Some(own), Some(sub)) if own != sub => Some(format!("{sub} ({own})")),
        (own, sub) => sub.or(own),
    };
    (sub_code.or(code), reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(text: &str) -> Job {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn the_fraction_becomes_a_percentage() {
        for (shown, expected) in [
            ("0", Some(0)),
            ("0.4", Some(40)),
            ("0.29", Some(29)),
            ("0.999", Some(100)),
            ("1.0", Some(100)),
            (r#""0.25""#, Some(25)),
            ("40", None),
            ("-1", None),
            ("null", None),
        ] {
            let job = job(&format!(r#"{{"entities":{{"process_percent":{shown}}}}}"#));
            assert_eq!(percent(&job), expected, "{shown}");
        }
        assert_eq!(percent(&job("{}")), None);
    }

    #[test]
    fn the_reason_is_found_wherever_it_is() {
        for (text, code, reason) in [
            (
                r#"{"status":"FAIL","error_code":"IMG.0057","fail_reason":"no file","entities":{"error_code":"IMG.1","addition_error_msg":"x"}}"#,
                Some("IMG.0057"),
                "no file",
            ),
            (
                r#"{"status":"FAIL","error_code":null,"fail_reason":"","entities":{"error_code":"IMG.0111","addition_error_msg":"min_disk"}}"#,
                Some("IMG.0111"),
                "min_disk",
            ),
            (
                r#"{"status":"FAIL","entities":{"sub_jobs_result":[{"status":"SUCCESS"},{"error_code":"IMG.0158","fail_reason":"bad file"}]}}"#,
                Some("IMG.0158"),
                "bad file",
            ),
            (
                r#"{"status":"FAIL","error_code":"IMG.1001","fail_reason":"sub job failed","entities":{"sub_jobs_result":[{"error_code":"","fail_reason":null},{"error_code":"IMG.0057","fail_reason":"no file"}]}}"#,
                Some("IMG.0057"),
                "no file (sub job failed)",
            ),
            (r#"{"status":"FAIL"}"#, None, "FAIL"),
        ] {
            let failure = failure(&job(text));
            assert_eq!(
                (failure.code.as_deref(), failure.reason.as_str()),
                (code, reason),
                "{text}"
            );
        }
    }

    #[test]
    fn the_image_may_be_a_sub_jobs() {
        let text =
            r#"{"entities":{"image_id":"","sub_jobs_result":[{"entities":{}},{"entities":{"image_id":"i-2"}}]}}"#;
        assert_eq!(image_id(&job(text)).as_deref(), Some("i-2"));
        assert_eq!(
            image_id(&job(r#"{"entities":{"image_id":"i-1"}}"#)).as_deref(),
            Some("i-1")
        );
        assert_eq!(image_id(&job("{}")), None);
    }
}
