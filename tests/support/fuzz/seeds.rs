//! Inputs to begin from, one of each shape: what the readers make of them is tested where they are.

use cloud_import::Provider;

/// A call by its number, and answers.
fn call(number: u8, answers: &[(&str, &str)]) -> Vec<u8> {
    let answers: Vec<String> = answers.iter().map(|(head, body)| format!("{head}\n\n{body}")).collect();
    let mut input = vec![number];
    input.extend(answers.join("\u{1e}").bytes());
    input
}

/// Every call with every answer.
fn calls(numbers: u8, answers: &[(&str, &str)]) -> Vec<Vec<u8>> {
    let each = |number| answers.iter().map(move |answer| call(number, &[*answer]));
    let mut all: Vec<_> = (0..numbers).flat_map(each).collect();
    all.extend((0..numbers).map(|number| call(number, answers)));
    all
}

/// Answers of a cloud's API.
pub(super) fn api(provider: Provider) -> Vec<Vec<u8>> {
    calls(
        16,
        match provider {
            Provider::JDCLOUD => JDCLOUD,
            Provider::TENCENT => TENCENT,
            Provider::HUAWEI => HUAWEI,
            Provider::ALIYUN => ALIYUN,
            _ => UCLOUD,
        },
    )
}

const JDCLOUD: &[(&str, &str)] = &[
    ("200", r#"{"requestId":"r","result":{"imageId":"i-1","taskId":"541"}}"#),
    (
        "200",
        r#"{"requestId":"r","result":{"taskSet":[{"taskId":"t-1","action":"ImportImageTask","taskStatus":"running","progress":40,"imageId":"i-1","imageName":"web","createdTime":"2026-11-29 12:00:00"}],"totalCount":1}}"#,
    ),
    (
        "200",
        r#"{"requestId":"r","result":{"taskSet":[{"taskId":541,"taskStatus":"failed","errorInfo":"qemu-img info failed","message":"ImportImage","imageId":"i-1"}],"totalCount":"1"}}"#,
    ),
    (
        "200",
        r#"{"requestId":"r","result":{"image":{"imageId":"i-1","name":"web","status":"ready","osType":"linux","systemDiskSizeGB":"40","snapshotId":"s-1","desc":"d"},"images":[{"imageId":"i-1","name":"web","status":"error"}],"totalCount":1}}"#,
    ),
    (
        "200",
        r#"{"requestId":"r","result":{"quotas":[{"resourceType":"image","limit":50,"used":3}]}}"#,
    ),
    (
        "400",
        r#"{"requestId":"r1","error":{"code":400,"status":"CONFLICT","message":"OssRegion 'a' not match current region 'b'"}}"#,
    ),
];

const TENCENT: &[(&str, &str)] = &[
    ("200", r#"{"Response":{"ImageId":"i-1","RequestId":"r"}}"#),
    (
        "200",
        r#"{"Response":{"ImageSet":[{"ImageId":"i-1","ImageName":"web","ImageState":"IMPORTING","ImageDescription":"ci-1","SyncPercent":20,"ImageSize":40,"CreatedTime":"2026-11-29T12:00:00Z","Tags":[{"Key":"a","Value":"b"}],"SnapshotSet":[{"SnapshotId":"snap-1","DiskUsage":"SYSTEM_DISK","DiskSize":40}]}],"TotalCount":1,"RequestId":"r"}}"#,
    ),
    (
        "200",
        r#"{"Response":{"ImageSet":[{"ImageId":"i-1","ImageName":"web","ImageState":"NORMAL"},{"ImageId":"i-2","ImageName":"web","ImageState":"IMPORTFAILED"}],"TotalCount":2,"RequestId":"r"}}"#,
    ),
    (
        "200",
        r#"{"Response":{"ImageNumQuota":10,"ImportImageOsListSupported":{"Windows":["Server 2016"],"Linux":["CentOS"]},"ImportImageOsVersionSet":[{"OsName":"CentOS","OsVersions":["7"],"Architecture":["x86_64"]}],"RequestId":"r"}}"#,
    ),
    (
        "200",
        r#"{"Response":{"Error":{"Code":"InvalidImageName.Duplicate","Message":"taken"},"RequestId":"r1"}}"#,
    ),
];

const HUAWEI: &[(&str, &str)] = &[
    ("200\nx-request-id: r", r#"{"job_id":"8a12fc66"}"#),
    (
        "200",
        r#"{"status":"RUNNING","entities":{"process_percent":0.4,"image_id":"i-1","sub_jobs_result":[{"status":"FAIL","fail_reason":"x","entities":{"image_id":"i-1"}}]},"job_id":"t-1","job_type":"imsImportImageJob","begin_time":"2026-11-29T12:00:00.000Z","error_code":null}"#,
    ),
    (
        "200",
        r#"{"status":"FAIL","job_id":"t-1","fail_reason":"no system disk","error_code":"IMG.0057","entities":{}}"#,
    ),
    (
        "200",
        r#"{"images":[{"id":"i-1","name":"web","status":"active","__image_source_type":"uds","__data_origin":"file,images:web.qcow2","__imagetype":"private","min_disk":40,"tags":["a.b"],"created_at":"2026-11-29T12:00:00Z","__support_kvm":"true","virtual_size":null}]}"#,
    ),
    (
        "200",
        r#"{"projects":[{"id":"p-1","name":"cn-north-1","domain_id":"d","enabled":true}],"quotas":{"resources":[{"type":"image","used":1,"quota":100,"min":0,"max":100}]}}"#,
    ),
    (
        "200",
        r#"[{"platform":"CentOS","version_list":[{"platform":"CentOS","os_version_key":"CentOS 7.9 64bit","os_version":"CentOS 7.9 64bit","os_bit":64,"os_type":"Linux"}]}]"#,
    ),
    (
        "400",
        r#"{"error":{"message":"The image name already exists.","code":"IMG.0009"}}"#,
    ),
    ("204", ""),
];

const ALIYUN: &[(&str, &str)] = &[
    (
        "200",
        r#"{"RequestId":"r","ImageId":"i-1","TaskId":"t-1","RegionId":"cn-hangzhou"}"#,
    ),
    (
        "200",
        r#"{"RequestId":"r","TaskSet":{"Task":[{"TaskId":"t-1","TaskAction":"ImportImage","TaskStatus":"Processing","SupportCancel":"true","CreationTime":"2026-11-29T12:00Z"}]},"TotalCount":1,"PageNumber":1,"PageSize":100}"#,
    ),
    (
        "200",
        r#"{"RequestId":"r","TaskId":"t-1","TaskStatus":"Failed","TaskProcess":"43%","OperationProgressSet":{"OperationProgress":[{"OperationStatus":"Failed","ErrorCode":"E","ErrorMsg":"no","RelatedItemSet":{"RelatedItem":[{"Name":"ImageId","Value":"i-1"}]}}]}}"#,
    ),
    (
        "200",
        r#"{"RequestId":"r","Images":{"Image":[{"ImageId":"i-1","ImageName":"web","Status":"Available","Usable":true,"Progress":"100%","Size":40,"Tags":{"Tag":[{"TagKey":"a","TagValue":"b"}]},"DiskDeviceMappings":{"DiskDeviceMapping":[{"Device":"/dev/xvda","SnapshotId":"s-1","Size":"40"}]},"DetectionOptions":{"Items":{"Item":[{"Name":"CloudInit","Value":"Installed","RiskLevel":"None"}]},"Status":"Finished"}}]},"TotalCount":1}"#,
    ),
    (
        "200",
        r#"{"RequestId":"r","Role":{"RoleName":"AliyunECSImageImportDefaultRole","Arn":"acs:ram::1:role/x","AssumeRolePolicyDocument":"{\"Statement\":[{\"Action\":\"sts:AssumeRole\",\"Effect\":\"Allow\",\"Principal\":{\"Service\":[\"ecs.aliyuncs.com\"]}}],\"Version\":\"1\"}"},"Policies":{"Policy":[{"PolicyName":"AliyunECSImageImportRolePolicy","PolicyType":"System"}]},"Regions":{"Region":[{"RegionId":"cn-hangzhou"}]}}"#,
    ),
    (
        "403",
        r#"{"RequestId":"r1","HostId":"h","Code":"NoSetRoletoECSServiceAccount","Message":"no role","Recommend":"https://x"}"#,
    ),
    (
        "400",
        "<?xml version='1.0' encoding='UTF-8'?><Error><RequestId>r</RequestId><HostId>h</HostId><Code>InvalidParameter</Code><Message><![CDATA[a &amp; b]]></Message></Error>",
    ),
];

const UCLOUD: &[(&str, &str)] = &[
    (
        "200",
        r#"{"RetCode":0,"Action":"ImportCustomImageResponse","ImageId":"i-1"}"#,
    ),
    (
        "200",
        r#"{"RetCode":0,"Action":"DescribeImageResponse","TotalCount":1,"ImageSet":[{"ImageId":"i-1","ImageName":"web","ImageDescription":"ci-1","State":"Making","ImageType":"Custom","ImageSize":40,"OsType":"Linux","OsName":"CentOS 7.9 64","CreateTime":1764417600,"Features":["NetEnhanced"],"Zone":"cn-bj2-04"}]}"#,
    ),
    (
        "200",
        r#"{"RetCode":"0","TotalCount":"1","ImageSet":[{"ImageId":"i-1","ImageName":"web","State":"Unavailable"}]}"#,
    ),
    (
        "200",
        r#"{"RetCode":0,"Action":"GetRegionResponse","Regions":[{"RegionId":1,"Region":"cn-bj2","Zone":"cn-bj2-02","IsDefault":true,"RegionName":"Beijing"}],"ProjectSet":[{"ProjectId":"p-1","ProjectName":"p","IsDefault":true}],"ProjectCount":1}"#,
    ),
    (
        "200",
        r#"{"RetCode":171,"Action":"X","Message":"Signature VerifyAC Error"}"#,
    ),
];

/// Answers of the stores that speak XML.
pub(super) fn store_xml() -> Vec<Vec<u8>> {
    calls(
        9,
        &[
            (
                "200\netag: \"e\"\ncontent-length: 5\nx-amz-request-id: r\nlast-modified: Sun, 29 Nov 2026 12:00:00 GMT",
                "",
            ),
            (
                "200\nx-amz-bucket-region: cn-north-1\nx-cos-bucket-region: cn-north-1\nx-oss-bucket-region: cn-north-1\nx-obs-bucket-location: cn-north-1",
                "",
            ),
            ("200", "<R><UploadId>u/1=</UploadId></R>"),
            (
                "200",
                "<R><IsTruncated>true</IsTruncated><NextMarker>a</NextMarker><NextContinuationToken>a</NextContinuationToken><Contents><Key>p/a b</Key><Size>5</Size><ETag>&quot;e&quot;</ETag><LastModified>2026-11-29T12:00:00.000Z</LastModified></Contents><CommonPrefixes><Prefix>p/</Prefix></CommonPrefixes></R>",
            ),
            (
                "200",
                "<R><IsTruncated>false</IsTruncated><NextPartNumberMarker>1</NextPartNumberMarker><Part><PartNumber>1</PartNumber><ETag>\"e\"</ETag><Size>5</Size></Part></R>",
            ),
            (
                "200",
                "<R><NextKeyMarker>k</NextKeyMarker><NextUploadIdMarker>u</NextUploadIdMarker><Upload><Key>k</Key><UploadId>u</UploadId><Initiated>2026-11-29T12:00:00.000Z</Initiated></Upload></R>",
            ),
            (
                "200",
                "<BucketInfo><Bucket><Location>oss-cn-north-1</Location><StorageClass>Standard</StorageClass><AccessControlList><Grant>private</Grant></AccessControlList></Bucket></BucketInfo>",
            ),
            (
                "200",
                "<AccessControlPolicy><AccessControlList><Grant><Grantee><URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee><Permission>READ</Permission></Grant></AccessControlList></AccessControlPolicy>",
            ),
            (
                "200",
                "<LifecycleConfiguration><Rule><Status>Enabled</Status><AbortIncompleteMultipartUpload><DaysAfterInitiation>3</DaysAfterInitiation></AbortIncompleteMultipartUpload></Rule></LifecycleConfiguration>",
            ),
            ("200", "<LocationConstraint>cn-north-1</LocationConstraint>"),
            (
                "403",
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>AccessDenied</Code><Message>It was &lt;refused&gt;.</Message><RequestId>r-1</RequestId><Endpoint>images.example.com</Endpoint></Error>",
            ),
            ("404", ""),
        ],
    )
}

/// Answers of the store that speaks JSON.
pub(super) fn store_json() -> Vec<Vec<u8>> {
    calls(
        9,
        &[
            ("200\netag: \"e\"\ncontent-length: 5\nx-sessionid: r", ""),
            (
                "200",
                r#"{"RetCode":0,"UploadId":"u/1=","BlkSize":4194304,"Bucket":"images","Key":"k"}"#,
            ),
            (
                "200",
                r#"{"RetCode":0,"IsTruncated":"true","NextMarker":"a","Contents":[{"Key":"p/a","Size":"5","LastModified":1764417600,"Etag":"e"}],"CommonPrefixes":[]}"#,
            ),
            (
                "200",
                r#"{"RetCode":0,"DataSet":[{"BucketName":"images-1250000000","Type":"private","Region":"cn-bj","Domain":{"Src":["images.cn-bj.ufileos.com"]}}]}"#,
            ),
            (
                "200",
                r#"{"NextMarker":"","DataSet":[{"FileName":"k","UploadId":"u","StartTime":1764417600}],"Parts":[{"PartNum":0,"Etag":"e","Size":5}]}"#,
            ),
            ("403", r#"{"RetCode":-148658,"ErrMsg":"invalid signature"}"#),
            ("404", ""),
        ],
    )
}

/// Headers of disk images; the small files of other programs are with the header reader's own tests.
pub(super) fn disks() -> Vec<Vec<u8>> {
    let marks: [(usize, &[u8]); 12] = [
        (0, b"QFI\xfb\0\0\0\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x10\0\0\0\0\x40\0\0\0"),
        (0, b"QFI\xfb\0\0\0\x03\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x10\0\0\0\0\x40\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\x03\0\0"),
        (0, b"KDMV\x01\0\0\0\x03\0\0\0\0\0\x20\0\0\0\0\0\x80\0\0\0\0\0\0\0"),
        (0, b"# Disk DescriptorFile\nversion=1\ncreateType=\"monolithicFlat\"\nRW 2048 FLAT \"a-flat.vmdk\" 0\n"),
        (0, b"vhdxfile"),
        (0, b"conectix\0\0\0\x02\0\x01\0\0\0\0\0\0\0\0\x02\0"),
        (0, b"QED\0\0\0\x01\0"),
        (0, b"z2strm\0\0"),
        (0, b"WithouFreSpacExt"),
        (64, b"\x7f\x10\xda\xbe\x01\0\x01\0"),
        (257, b"ustar"),
        (510, b"\x55\xaaEFI PART\0\0\x01\0\x5c\0\0\0"),
    ];
    let file = |(at, mark): (usize, &[u8])| {
        let mut file = vec![0; 2048];
        file.splice(at..at + mark.len(), mark.iter().copied());
        file
    };
    let tiny = include_bytes!("../../images/tiny-linux.qcow2");
    marks.map(file).into_iter().chain([tiny[..8192].to_vec()]).collect()
}

/// The text behind the number of a cloud, as it is and with a profile named.
fn of_cloud(number: u8, text: &str) -> [Vec<u8>; 2] {
    [number, number + 5].map(|first| [&[first], text.as_bytes()].concat())
}

/// Profile files.
pub(super) fn profiles() -> Vec<Vec<u8>> {
    [
        (0, "[default]\njdcloud_access_key_id = AK\njdcloud_secret_access_key = SK\n\n[work]\naccess_key=AK\nsecret_key=SK\nregion_id=cn-north-1\n\u{1e}work"),
        (1, "{\"secretId\": \"AK\", \"secretKey\": \"SK\", \"token\": null}\u{1e}{\"_sys_param\": {\"region\": \"ap-guangzhou\"}}"),
        (1, "{\"secretId\":\"AK\",\"secretKey\":\"SK\",\"role-arn\":\"qcs::cam::uin/1:roleName/x\",\"role-session-name\":\"s\"}"),
        (1, "[default]\nsecret_id=AK\nsecret_key=SK\n"),
        (2, "[basic]\nak = AK\nsk = SK\nproject_id = p\niam_endpoint = https://iam.example.com\nidp_id = i\nid_token_file = /t\n"),
        (3, "{\"current\":\"work\",\"profiles\":[{\"name\":\"default\",\"mode\":\"AK\"},{\"name\":\"work\",\"mode\":\"RamRoleArn\",\"access_key_id\":\"AK\",\"access_key_secret\":\"SK\",\"ram_role_arn\":\"acs:ram::1:role/x\",\"expired_seconds\":900,\"region_id\":\"cn-hangzhou\"}]}"),
        (3, "[default]\nenable = true\ntype = ram_role_arn\naccess_key_id = AK\naccess_key_secret = SK\nrole_arn = x\nrole_session_name = s\n"),
        (4, "[{\"profile\":\"work\",\"public_key\":\"AK\",\"private_key\":\"SK\",\"cookie\":\"\"}]\u{1e}[{\"profile\":\"work\",\"active\":true,\"region\":\"cn-bj2\",\"project_id\":\"org-1\"}]"),
    ]
    .into_iter()
    .flat_map(|(number, text)| of_cloud(number, text))
    .collect()
}

/// Answers with keys.
pub(super) fn keys() -> Vec<Vec<u8>> {
    [
        (0, r#"{"requestId":"r","result":{"credentials":{"accessKey":"AK","secretKey":"SK","sessionToken":"T","expiration":"2026-11-29T13:00:00Z"}}}"#),
        (0, r#"{"credentials":{"accessKey":"AK","secretKey":"SK","sessionToken":"T","expiration":"2026-11-29T13:00:00Z"}}"#),
        (1, r#"{"TmpSecretId":"AK","TmpSecretKey":"SK","ExpiredTime":1764417600,"Expiration":"2026-11-29T13:00:00Z","Token":"T","Code":"Success"}"#),
        (1, r#"{"Credentials":{"TmpSecretId":"AK","TmpSecretKey":"SK","Token":"T"},"ExpiredTime":1764417600}"#),
        (2, r#"{"credential":{"access":"AK","secret":"SK","securitytoken":"T","expires_at":"2026-11-29T13:00:00.000000Z"}}"#),
        (3, r#"{"AccessKeyId":"AK","AccessKeySecret":"SK","SecurityToken":"T","Expiration":"2026-11-29T13:00:00Z","Code":"Success"}"#),
        (3, r#"{"Credentials":{"AccessKeyId":"AK","AccessKeySecret":"SK","SecurityToken":"T","Expiration":"2026-11-29T13:00:00Z"}}"#),
        (4, r#"{"RetCode":0,"Data":{"CharacterName":"c","PublicKey":"AK","PrivateKey":"SK","SecurityToken":"T","Expiration":1764417600}}"#),
        (4, r#"{"Credentials":{"AccessKeyId":"AK","AccessKeySecret":"SK","SecurityToken":"T","Expiration":1764417600}}"#),
    ]
    .into_iter()
    .flat_map(|(number, text)| of_cloud(number, text))
    .collect()
}

fn texts(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

const TASK: &str = r#"{"version":1,"provider":"tencent","endpoint":"https://cvm.tencentcloudapi.com","region":"ap-guangzhou","project":"p","route":"quick","task_id":"t","image_id":"img-1","name":"web","source":"https://b.example.com/k","marker":"ci-1","token":"ci-1","generation":0,"dry_run":true,"started_at":"2026-11-29T16:08:11Z","first_seen_at":"2026-11-29T16:08:11.5Z","later":{"a":[1,2.5,null]}}"#;

/// Orders.
pub(super) fn orders() -> Vec<Vec<u8>> {
    texts(&[
        r#"{"name":"web","architecture":"x86_64","generation":0,"disks":[{"source":{"object":{"bucket":"b","key":"k"}}}]}"#,
        r#"{"name":"web","architecture":"arm64","boot_mode":"uefi","license_type":"byol","description":"d","generation":2,"disks":[{"source":{"url":"https://b.example/k"},"format":"qcow2","size_gib":40,"virtual_size_bytes":1073741824,"file_size_bytes":512,"partition_table":"gpt","guest":[{"id":"guest.lvm","where":"part2","what":"it is LVM"}],"content_sha256":"ab"}],"os":{"distribution":"CentOS","version":"7.9","raw":{"tencent":"CentOS/7"}},"tags":{"team":"images"},"project":"p","skip_guest_check":true,"nvme":true,"imds_v2":true,"dry_run":true,"no_validate":true,"vendor":{"aliyun":{"RoleName":"R"}}}"#,
    ])
}

/// Tasks.
pub(super) fn tasks() -> Vec<Vec<u8>> {
    texts(&[TASK])
}

/// Records of targets.
pub(super) fn records() -> Vec<Vec<u8>> {
    let record = r#"{"schema":1,"target":"tencent/ap-guangzhou","provider":"tencent","region":"ap-guangzhou","name":"web","order":"ci-1","generation":0,"step":"started","files":{"disk":{"staged":{"bucket":"b","key":"k","size":335873,"sha256":"9f","etag":"16"}}},"link_signed_at":"2026-11-29T16:08:11Z","task":TASK,"replace":{"step":"planned","temporary":"web-1","older":["img-2"]}}"#;
    texts(&[&record.replace("TASK", TASK)])
}

/// Jobs.
pub(super) fn jobs() -> Vec<Vec<u8>> {
    texts(&[r#"{"schema":1,"id":"web-0123456789ab","name":"web","source":"web.qcow2","sha256":"9f"}"#])
}

/// Records of uploads.
pub(super) fn uploads() -> Vec<Vec<u8>> {
    texts(&[
        r#"{"schema":1,"bucket":"images","key":"a/b","upload_id":"id","file":{"device":1,"inode":2,"size":3,"modified_seconds":-4,"modified_nanos":5},"sha256":"00","part_size":6,"parts":{"1":{"etag":"e"}},"completing":false}"#,
    ])
}
